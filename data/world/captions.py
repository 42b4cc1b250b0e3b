"""Captions of the generated world's scenes: sentences that name kinds, colours, relations and places."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from data.world import language
from data.world.grammar import Dependent, Phrase, attach, sentence, word
from data.world.scenes import Scene

MAX_WORDS = 16
_COLOUR_RATE, _SIZE_RATE, _PATTERN_RATE = 0.92, 0.25, 0.4
Template = Callable[[Scene, int, int, np.random.Generator], Phrase | None]


def captions(scene: Scene, random: np.random.Generator, *, num_captions: int) -> list[Phrase]:
    """Different captions of a scene, two thirds of them with a capital letter and a full stop."""
    said: dict[str, Phrase] = {}
    while len(said) < num_captions:
        first, second = random.permutation(len(scene.things))[:2]
        template = TEMPLATES[random.choice(len(TEMPLATES), p=_WEIGHTS / _WEIGHTS.sum())]
        phrase = template(scene, int(first), int(second), random)
        if phrase is not None and phrase.num_words <= MAX_WORDS:
            phrase = sentence(phrase) if random.random() < 2 / 3 else phrase
            said.setdefault(phrase.text, phrase)
    return list(said.values())


def _related(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """A red ball to the left of a blue dog in the park."""
    relation = _relation(scene, first, second, random)
    if relation is None:
        return None
    return attach(_named(scene, first, random), after=[("nmod", relation), *_somewhere(scene, random, "nmod")])


def _existing(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """There is a red ball to the left of a blue dog."""
    relation = _relation(scene, first, second, random)
    if relation is None:
        return None
    subject = attach(_named(scene, first, random), after=[("nmod", relation)])
    there: Dependent = ("expl", word("there", "PRON"))
    return attach(word("is", "VERB"), before=[there], after=[("nsubj", subject), *_somewhere(scene, random, "obl")])


def _being(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """A red ball is to the left of a blue dog."""
    relation = _relation(scene, first, second, random)
    if relation is None:
        return None
    return attach(relation, before=[("nsubj", _named(scene, first, random)), ("cop", word("is", "AUX"))])


def _doing(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """A blue dog is standing on the grass near a red ball."""
    thing = scene.things[first]
    relation = _relation(scene, first, second, random)
    if relation is None:
        return None
    support = language.support_phrase(thing, random) if random.random() < 0.6 else None
    where: list[Dependent] = [("obl", phrase) for phrase in (support, relation) if phrase is not None]
    return language.doing(_named(scene, first, random), thing.verb, random, after=where)


def _listed(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """A red ball, a white cup and a blue dog in the park."""
    others = [i for i in range(len(scene.things)) if i not in (first, second)]
    if scene.groups():
        return None
    last = attach(_named(scene, second, random), before=[("cc", word("and", "CCONJ"))])
    middle = [attach(_named(scene, i, random), before=[("punct", word(",", "PUNCT"))]) for i in others]
    listed: list[Dependent] = [("conj", phrase) for phrase in [*middle, last]]
    return attach(_named(scene, first, random), after=[*listed, ("nmod", language.place_phrase(scene, random))])


def _acting(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """In the park, a blue dog watches a red ball."""
    verb = language.action(scene, first, second)
    if verb is None:
        return None
    clause = language.doing(_named(scene, first, random), verb, random, after=[("obj", _named(scene, second, random))])
    comma: Dependent = ("punct", word(",", "PUNCT"))
    return attach(clause, before=[("obl", language.place_phrase(scene, random)), comma])


def _counted(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    """Two red balls are lying near a blue dog; two red balls and a blue dog in the park."""
    counted = next(iter(scene.groups()), ())
    if not counted:
        return None
    members = [scene.things[i] for i in counted]
    subject = language.group_phrase(members, random, adjective_rate=_COLOUR_RATE)
    place = language.place_phrase(scene, random)
    if len({thing.verb for thing in members}) == 1 and random.random() < 0.5:
        return language.doing(subject, members[0].verb, random, is_plural=True, after=[("obl", place)])
    others = [i for i in range(len(scene.things)) if i not in counted]
    conjuncts: list[Dependent] = [
        ("conj", attach(_named(scene, i, random), before=[("cc", word("and", "CCONJ"))])) for i in others
    ]
    return attach(subject, after=[*conjuncts, ("nmod", place)])


TEMPLATES: Sequence[Template] = (_related, _existing, _being, _doing, _listed, _acting, _counted)
_WEIGHTS = np.asarray([3.0, 2.0, 2.0, 3.0, 2.0, 1.5, 2.0])


def _named(scene: Scene, thing: int, random: np.random.Generator) -> Phrase:
    return language.thing_phrase(
        scene.things[thing],
        random,
        colour_rate=_COLOUR_RATE,
        size_rate=_SIZE_RATE,
        pattern_rate=_PATTERN_RATE,
    )


def _relation(scene: Scene, first: int, second: int, random: np.random.Generator) -> Phrase | None:
    relations = scene.relations(first, second)
    if not relations:
        return None
    relation = relations[random.integers(len(relations))]
    return language.relation_phrase(relation, _named(scene, second, random), random)


def _somewhere(scene: Scene, random: np.random.Generator, how: str) -> list[Dependent]:
    """The place of the scene, in half the cases."""
    return [(how, language.place_phrase(scene, random))] if random.random() < 0.5 else []
