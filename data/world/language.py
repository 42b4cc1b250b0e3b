"""How the generated world's language says things: nouns with their adjectives, places, relations, doings.

Everything here is true of the scene by construction; `captions.py` and `phrases.py` choose what to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from data.world.grammar import Dependent, Phrase, attach, fixed, word
from data.world.kinds import KINDS, MATERIALS, SIZE_WORDS, THEMES
from data.world.scenes import Relation, Scene, Thing
from data.world.verbs import FACE, WATCH, Verb

_LABEL_RATE = 0.75  # how often the label itself is said where there is a synonym
RELATION_WORDS: Mapping[Relation, tuple[tuple[str, ...], ...]] = {
    "on": (("on",), ("on", "top", "of")),
    "left": (("to", "the", "left", "of"), ("left", "of")),
    "right": (("to", "the", "right", "of"), ("right", "of")),
    "above": (("above",), ("over",)),
    "below": (("below",), ("under",)),
    "near": (("near",), ("next", "to"), ("beside",), ("by",)),
}
_TAGS = {"the": "DET", "left": "NOUN", "right": "NOUN", "top": "NOUN", "next": "ADV"}  # others there: ADP
NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def choose(options: Sequence[str], random: np.random.Generator) -> str:
    """One of the options, each as likely."""
    return options[int(random.integers(len(options)))]


def thing_phrase(
    thing: Thing,
    random: np.random.Generator,
    *,
    determiner: str | None = "a",
    colour_rate: float = 0.0,
    size_rate: float = 0.0,
    pattern_rate: float = 0.0,
) -> Phrase:
    """A noun phrase for one thing, each adjective said at its rate."""
    adjectives = _adjectives([thing], random, colour_rate=colour_rate, size_rate=size_rate, pattern_rate=pattern_rate)
    return _noun_phrase(word(_noun(thing.kind, random, is_plural=False), "NOUN"), determiner, adjectives)


def group_phrase(things: Sequence[Thing], random: np.random.Generator, *, adjective_rate: float) -> Phrase:
    """A counted noun phrase for two or three things of one kind; only adjectives that hold of all are said."""
    rates = {"colour_rate": adjective_rate, "size_rate": adjective_rate / 2, "pattern_rate": adjective_rate / 2}
    adjectives = _adjectives(things, random, **rates)
    number: Dependent = ("nummod", word(NUMBERS[len(things)], "NUM"))
    noun = word(_noun(things[0].kind, random, is_plural=True), "NOUN")
    return attach(noun, before=[number, *(("amod", a) for a in adjectives)])


def material_phrase(material: str, random: np.random.Generator, *, colour_rate: float = 0.0) -> Phrase:
    """A material with "the" or bare: "the green grass", "water"."""
    adjectives = [word(MATERIALS[material].colour, "ADJ")] if random.random() < colour_rate else []
    return _noun_phrase(word(material, "NOUN"), "the" if random.random() < 0.7 else None, adjectives)


def place_phrase(scene: Scene, random: np.random.Generator) -> Phrase:
    """Where the whole scene is: "in the park"."""
    theme = THEMES[scene.theme]
    return prepositional((theme.preposition,), _noun_phrase(word(choose(theme.places, random), "NOUN"), "the", []))


def support_phrase(thing: Thing, random: np.random.Generator) -> Phrase | None:
    """What a thing stands, floats or hangs on: "on the grass"; None for what stands on another thing."""
    if thing.stands_on is not None:
        return None
    return prepositional((MATERIALS[thing.material].preposition,), material_phrase(thing.material, random))


def relation_phrase(relation: Relation, other: Phrase, random: np.random.Generator) -> Phrase:
    """How a thing lies to another: "to the left of a red ball"."""
    options = RELATION_WORDS[relation]
    weights = np.asarray([2.0, *[1.0] * (len(options) - 1)])
    return prepositional(options[random.choice(len(options), p=weights / weights.sum())], other)


def part_phrase(things: Sequence[Thing], random: np.random.Generator) -> Phrase | None:
    """A part or an effect of things of one kind as a noun: "the face of a clock"; None for kinds that have none."""
    part = KINDS[things[0].kind].part
    if part is None:
        return None
    if len(things) > 1:
        part, owner = f"{part}s", group_phrase(things, random, adjective_rate=0.3)
    else:
        owner = thing_phrase(things[0], random, determiner=choose(("a", "the"), random), colour_rate=0.3)
    noun = _noun_phrase(word(part, "NOUN"), "the" if random.random() < 0.6 else None, [])
    return attach(noun, after=[("nmod", prepositional(("of",), owner))])


def prepositional(preposition: Sequence[str], noun: Phrase) -> Phrase:
    """A noun phrase with its preposition, which may be of several words."""
    return attach(noun, before=[("case", fixed([(form, _TAGS.get(form, "ADP")) for form in preposition]))])


def doing(
    subject: Phrase,
    verb: Verb,
    random: np.random.Generator,
    *,
    is_plural: bool = False,
    after: Sequence[Dependent] = (),
) -> Phrase:
    """A clause in the simple or the progressive present: "a dog sits", "a dog is sitting"."""
    if random.random() < 0.5:
        form = verb.plural if is_plural else verb.singular
        return attach(word(form, "VERB"), before=[("nsubj", subject)], after=after)
    auxiliary = word("are" if is_plural else "is", "AUX")
    return attach(word(verb.participle, "VERB"), before=[("nsubj", subject), ("aux", auxiliary)], after=after)


def action(scene: Scene, first: int, second: int) -> Verb | None:
    """What thing `first` does to thing `second`: the living watch what is near and face what is beside them."""
    relations = scene.relations(first, second)
    kind = KINDS[scene.things[first].kind]
    if "near" in relations and kind.effect is not None:
        return kind.effect
    if not kind.alive or not {"near", "left", "right"} & set(relations):
        return None
    return WATCH if "near" in relations else FACE


def _noun_phrase(noun: Phrase, determiner: str | None, adjectives: Sequence[Phrase]) -> Phrase:
    before: list[Dependent] = [("amod", adjective) for adjective in adjectives]
    if determiner is not None:
        first = (adjectives[0] if adjectives else noun).words[0].form
        form = "an" if determiner == "a" and first[0] in "aeiou" else determiner
        before.insert(0, ("det", word(form, "DET")))
    return attach(noun, before=before)


def _noun(kind: str, random: np.random.Generator, *, is_plural: bool) -> str:
    names = KINDS[kind].names
    name = names[0] if random.random() < _LABEL_RATE else names[random.integers(len(names))]
    return name[1] if is_plural else name[0]


def _adjectives(
    things: Sequence[Thing], random: np.random.Generator, *, colour_rate: float, size_rate: float, pattern_rate: float
) -> list[Phrase]:
    """Size, colour, pattern, in this order; a plain pattern is not said, nor what does not hold of all things."""
    sizes, colours, patterns = ({getattr(t, name) for t in things} for name in ("size", "colour", "pattern"))
    forms = []
    if len(sizes) == 1 and random.random() < size_rate:
        forms.append(choose(SIZE_WORDS[things[0].size], random))
    if len(colours) == 1 and random.random() < colour_rate:
        forms.append(things[0].colour)
    if len(patterns) == 1 and things[0].pattern != "plain" and random.random() < pattern_rate:
        forms.append(things[0].pattern)
    return [word(form, "ADJ") for form in forms]
