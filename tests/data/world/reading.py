"""Questions and statements of the world answered by looking at scenes: written apart from what words them.

A text is taken apart by pattern; an answer comes from kinds, colours and boxes alone. What is not understood, or could
mean several things, is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from data.world.scenes import Scene, Thing
from tests.data.world.lexicon import NOUNS, RELATIONS, holds

WATCHES = {"watch": ("clock", 1), "watches": ("clock", 2)}
COLOURS = ("red", "yellow", "green", "blue", "purple", "white")
PATTERNS = ("striped", "spotted", "plain")
LOWER = {"park": "grass", "beach": "sand", "lake": "water", "street": "road", "hill": "snow", "room": "carpet"}
GROUND = {"grass": "green", "sand": "brown", "road": "gray", "snow": "white", "carpet": "brown"}
NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
ADJECTIVE = "|".join([*COLOURS, *PATTERNS])
RELATION = "|".join(sorted(RELATIONS, key=len, reverse=True))


def answer(question: str, scene: Scene) -> str:
    """The answer to a question of VQA or GQA."""
    for pattern, look in QUESTIONS:
        if match := re.fullmatch(pattern, question.lower()):
            found = look(scene, *match.groups())
            return {True: "yes", False: "no"}[found] if isinstance(found, bool) else str(found)
    raise AssertionError(f"no such question is known: {question}")


def bears_out(statement: str, left: Scene, right: Scene) -> bool:
    """Whether a statement of NLVR2 is true of two pictures."""
    for pattern, look in STATEMENTS:
        if match := re.fullmatch(pattern, statement.lower()):
            return look((left, right), *match.groups())
    raise AssertionError(f"no such statement is known: {statement}")


def _kind(noun: str) -> str:
    return {**NOUNS, **WATCHES}[noun][0]


def _all(scene: Scene, noun: str) -> list[Thing]:
    return [thing for thing in scene.things if thing.kind == _kind(noun)]


def _the(scene: Scene, noun: str) -> Thing:
    (thing,) = _all(scene, noun)
    return thing


def _support(scene: Scene, noun: str) -> str:
    thing = _the(scene, noun)
    below = [t for t in scene.things if abs(thing.box[3] - t.box[1]) <= 2 and t.box[0] < thing.centre[0] < t.box[2]]
    if thing.stands_on is not None:
        return below[0].kind
    upper = {"park": "sky", "beach": "water", "lake": "sky", "street": "wall", "hill": "sky", "room": "wall"}
    return LOWER[scene.theme] if thing.box[3] > scene.horizon_px else upper[scene.theme]


def _that_is(scene: Scene, adjective: str) -> str:
    (thing,) = [t for t in scene.things if adjective in (t.colour, t.pattern)]
    return thing.kind


def _in_relation(scene: Scene, words: str, noun: str) -> str:
    reference = scene.things.index(_the(scene, noun))
    others = [i for i in range(len(scene.things)) if i != reference]
    (found,) = [i for i in others if holds(RELATIONS[words], scene, i, reference) and not _on(scene, words, i, noun)]
    return scene.things[found].kind


def _on(scene: Scene, words: str, first: int, noun: str) -> bool:
    """What stands on a thing is not called above it."""
    return words in ("above", "over") and scene.things[first].stands_on == scene.things.index(_the(scene, noun))


def _stand(scene: Scene, first: str, words: str, second: str) -> bool:
    places = [scene.things.index(_the(scene, noun)) for noun in (first, second)]
    return holds(RELATIONS[words], scene, places[0], places[1])


def _side(scene: Scene, first: str, second: str) -> str:
    (side,) = [side for side in ("left", "right") if _stand(scene, first, f"to the {side} of", second)]
    return side


QUESTIONS: Sequence[tuple[str, Callable[..., object]]] = [
    (r"what color is the ground\?|what is the color of the ground\?", lambda s: GROUND[LOWER[s.theme]]),
    (r"(?:what|which) color is the (\w+)\?", lambda s, noun: _the(s, noun).colour),
    (r"what is the color of the (\w+)\?", lambda s, noun: _the(s, noun).colour),
    (r"what (?:kind|type) of pattern does the (\w+) have\?", lambda s, noun: _the(s, noun).pattern),
    (r"how (?:large|big) is the (\w+)\?|what size is the (\w+)\?", lambda s, a, b: _the(s, a or b).size),
    (r"where is the (\w+)\?", _support),
    (r"is there an? (\w+)\?|are there any (\w+)\?", lambda s, a, b: bool(_all(s, a or b))),
    (rf"is (?:the|this) (\w+) ({ADJECTIVE})\?", lambda s, noun, colour: _the(s, noun).colour == colour),
    (r"does the (\w+) look (\w+)\?", lambda s, noun, colour: _the(s, noun).colour == colour),
    (r"how many things (?:are there|do you see)\?", lambda s: len(s.things)),
    (rf"how many things are ({ADJECTIVE})\?", lambda s, colour: sum(t.colour == colour for t in s.things)),
    (rf"how many ({ADJECTIVE}) things are there\?", lambda s, colour: sum(t.colour == colour for t in s.things)),
    (r"how many (\w+) (?:are there|do you see)\?", lambda s, noun: len(_all(s, noun))),
    (rf"what is the ({ADJECTIVE}) thing\?|which thing is ({ADJECTIVE})\?", lambda s, a, b: _that_is(s, a or b)),
    (rf"what is the thing that is ({ADJECTIVE})\?", _that_is),
    (rf"(?:what|which thing) is ({RELATION}) the (\w+)\?", _in_relation),
    (r"what place (?:is this|do you see)\?|which place is it\?", lambda s: s.theme),
    (rf"is the (\w+) ({RELATION}) the (\w+)\?", _stand),
    (r"is there an? (\w+) or an? (\w+)\?", lambda s, a, b: bool(_all(s, a) or _all(s, b))),
    (r"are there any (\w+) or (\w+)\?", lambda s, a, b: bool(_all(s, a) or _all(s, b))),
    (r"are there both an? (\w+) and an? (\w+)\?", lambda s, a, b: bool(_all(s, a) and _all(s, b))),
    (r"are there (\w+) and (\w+)\?", lambda s, a, b: bool(_all(s, a) and _all(s, b))),
    (r"do the (\w+) and the (\w+) have the same color\?", lambda s, a, b: _the(s, a).colour == _the(s, b).colour),
    (r"is the (\w+) the same color as the (\w+)\?", lambda s, a, b: _the(s, a).colour == _the(s, b).colour),
    (r"is the (\w+) to the left or to the right of the (\w+)\?", _side),
    (r"is the (\w+) (\w+) or (\w+)\?", lambda s, noun, a, b: {a: a, b: b}[_the(s, noun).colour]),
]

Pair = tuple[Scene, Scene]
SIDES = {"left": 0, "right": 1}
ONE = r"(something \w+|an? [a-z ]+)"


def _num(scene: Scene, words: str) -> int:
    """How many things there are such as these words say: "a red ball", "red things", "something red"."""
    said = [word for word in words.split() if word not in ("a", "an", "something", "things")]
    colours = [word for word in said if word in COLOURS]
    kinds = [_kind(word) for word in said if word not in COLOURS]
    assert len(colours) <= 1
    assert len(kinds) <= 1
    return sum(t.colour in (colours or [t.colour]) and t.kind in (kinds or [t.kind]) for t in scene.things)


def _shows(pair: Pair, side: str, words: str) -> bool:
    return _num(pair[SIDES[side]], words) > 0


def _both(pair: Pair, words: str) -> bool:
    return _num(pair[0], words) > 0 and _num(pair[1], words) > 0


def _any(pair: Pair, words: str) -> bool:
    return _num(pair[0], words) > 0 or _num(pair[1], words) > 0


def _only_one(pair: Pair, words: str) -> bool:
    return _any(pair, words) and not _both(pair, words)


def _together(pair: Pair, number: str, words: str) -> bool:
    return _num(pair[0], words) + _num(pair[1], words) == NUMBERS[number]


def _more(pair: Pair, side: str, words: str) -> bool:
    return _num(pair[SIDES[side]], words) > _num(pair[1 - SIDES[side]], words)


STATEMENTS: Sequence[tuple[str, Callable[..., bool]]] = [
    (r"both images show the same place\.|.* were taken at the same place\.", lambda p: p[0].theme == p[1].theme),
    (r"the (\w+) image shows the (\w+)\.", lambda p, side, place: p[SIDES[side]].theme == place),
    (r"the (\w+) picture was taken (?:in|at|on) the (\w+)\.", lambda p, side, place: p[SIDES[side]].theme == place),
    (r"the (\w+) image shows more ([a-z ]+) than the (?:left|right) one\.", _more),
    (r"there are more ([a-z ]+) in the (\w+) picture than in the other\.", lambda p, a, side: _more(p, side, a)),
    (rf"the (\w+) image shows {ONE}\.", _shows),
    (rf"the picture on the (\w+) contains {ONE}\.", _shows),
    (rf"both images contain {ONE}\.", _both),
    (rf"there is {ONE} in both pictures\.", _both),
    (rf"at least one image shows {ONE}\.", _any),
    (rf"there is {ONE} in at least one of the pictures\.", _any),
    (rf"exactly one image shows {ONE}\.", _only_one),
    (rf"only one of the two pictures contains {ONE}\.", _only_one),
    (r"there are exactly (\w+) ([a-z ]+) in total\.", _together),
    (r"the two images show (\w+) ([a-z ]+) together\.", _together),
    (rf"there is {ONE} in the (\w+) image\.", lambda p, words, side: _shows(p, side, words)),
]
