"""Region descriptions of the generated world: short phrases of one thing or two, a good part of them with verbs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from data.world import language
from data.world.grammar import Dependent, Phrase, attach, word
from data.world.kinds import THEMES
from data.world.scenes import SIDE_PX, Box, Scene, Thing


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionPhrase:
    """A phrase and the box that it describes: x1, y1, x2, y2 in pixels."""

    phrase: Phrase
    box: Box


Template = Callable[[Scene, int, int, np.random.Generator], Phrase | None]


def region_phrases(scene: Scene, random: np.random.Generator) -> list[RegionPhrase]:
    """Eight to twelve phrases of a scene, each of its things in turn; some may be said twice, as in Visual Genome."""
    wanted = int(random.integers(8, 13))
    said = [_material(scene, random)]
    while len(said) < wanted:
        first = len(said) % len(scene.things)
        second = (first + int(random.integers(1, len(scene.things)))) % len(scene.things)
        template = TEMPLATES[random.choice(len(TEMPLATES), p=_WEIGHTS / _WEIGHTS.sum())]
        phrase = template(scene, first, second, random)
        if phrase is not None:
            said.append(RegionPhrase(phrase=phrase, box=scene.things[first].box))
    return said


def _described(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """Small red striped ball."""
    return _named(scene, first, random, adjective_rate=0.9)


def _coloured(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """The ball is red."""
    thing = scene.things[first]
    said = thing.colour if thing.pattern == "plain" or random.random() < 0.7 else thing.pattern
    subject = language.thing_phrase(thing, random, determiner="the", size_rate=0.2)
    return attach(word(said, "ADJ"), before=[("nsubj", subject), ("cop", word("is", "AUX"))])


def _placed(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """Small dog on the grass."""
    support = language.support_phrase(scene.things[first], random)
    return None if support is None else attach(_named(scene, first, random), after=[("nmod", support)])


def _related(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """Blue cup next to a red ball."""
    relation = _relation(scene, first, second, random)
    return None if relation is None else attach(_named(scene, first, random), after=[("nmod", relation)])


def _part(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """The face of a clock."""
    return language.part_phrase(_group_of(scene, first) or [scene.things[first]], random)


def _counted(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """Two red balls."""
    counted = _group_of(scene, first)
    return language.group_phrase(counted, random, adjective_rate=0.7) if counted else None


def _doing(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """A dog is standing on the grass; cars park near a house."""
    thing = scene.things[first]
    where = language.support_phrase(thing, random) if random.random() < 0.6 else None
    where = where or _relation(scene, first, second, random)
    after: list[Dependent] = [] if where is None else [("obl", where)]
    counted = _group_of(scene, first)
    if len({member.verb for member in counted}) == 1:
        subject = language.group_phrase(counted, random, adjective_rate=0.3)
        return language.doing(subject, thing.verb, random, is_plural=True)
    return language.doing(_named(scene, first, random, adjective_rate=0.4), thing.verb, random, after=after)


def _done(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """Boat floating near a tree."""
    relation = _relation(scene, first, second, random)
    if relation is None:
        return None
    clause = attach(word(scene.things[first].verb.participle, "VERB"), after=[("obl", relation)])
    return attach(_named(scene, first, random), after=[("acl", clause)])


def _acting(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """A dog watches a bird; two dogs face a cat."""
    verb = language.action(scene, first, second)
    if verb is None:
        return None
    target: Dependent = ("obj", _named(scene, second, random, adjective_rate=0.4))
    actors = [i for group in scene.groups() if first in group and second not in group for i in group]
    if {language.action(scene, actor, second) for actor in actors} == {verb}:
        subject = language.group_phrase([scene.things[i] for i in actors], random, adjective_rate=0.3)
        return language.doing(subject, verb, random, is_plural=True, after=[target])
    return language.doing(_named(scene, first, random, adjective_rate=0.4), verb, random, after=[target])


TEMPLATES: Sequence[Template] = (_described, _coloured, _placed, _related, _part, _counted, _doing, _done, _acting)
_WEIGHTS = np.asarray([3.0, 1.5, 1.0, 2.0, 1.0, 2.0, 2.0, 1.5, 1.5])


def _material(scene: Scene, random: np.random.Generator) -> RegionPhrase:
    """Green grass; the blue sky above the water."""
    theme = THEMES[scene.theme]
    lower_box, upper_box = (0, scene.horizon_px, SIDE_PX, SIDE_PX), (0, 0, SIDE_PX, scene.horizon_px)
    if random.random() < 0.5:
        return RegionPhrase(phrase=language.material_phrase(theme.lower, random, colour_rate=0.7), box=lower_box)
    upper = language.material_phrase(theme.upper, random, colour_rate=0.7)
    lower = language.relation_phrase("above", language.material_phrase(theme.lower, random), random)
    return RegionPhrase(phrase=attach(upper, after=[("nmod", lower)]), box=upper_box)


def _group_of(scene: Scene, thing: int) -> list[Thing]:
    """All things of this thing's kind if they can be counted, else none."""
    return [scene.things[i] for group in scene.groups() if thing in group for i in group]


def _named(scene: Scene, thing: int, random: np.random.Generator, *, adjective_rate: float = 0.6) -> Phrase:
    return language.thing_phrase(
        scene.things[thing],
        random,
        determiner="a" if random.random() < 0.4 else None,
        colour_rate=adjective_rate,
        size_rate=adjective_rate / 2,
        pattern_rate=adjective_rate / 2,
    )


def _relation(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    relations = scene.relations(first, second)
    if not relations:
        return None
    return language.relation_phrase(relations[random.integers(len(relations))], _named(scene, second, random), random)
