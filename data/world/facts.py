"""What can be asked of a scene, with its answer: facts, which VQA's and GQA's questions are worded from.

A question about "the dog" is there only where there is exactly one, and a relation only where nothing else could be
meant. Besides its answer a fact says over which questions the answers are to be even (`balance.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations

from data.world.kinds import COLOURS, KINDS, MATERIALS, PATTERNS, SIZES, THEMES
from data.world.scenes import Relation, Scene, Thing

_OPPOSITES: Mapping[Relation, Relation] = {"left": "right", "right": "left", "above": "below", "below": "above"}
_ASKED_RELATIONS: tuple[Relation, ...] = ("left", "right", "above", "below", "on")
_NUM_COUNTS = 3  # none, one or two; three is rare
_TOUCHING_PX = 4  # between a foot and the top of what it seems to stand on
_UNSEEN_GROUND = "water"  # nobody calls it the ground


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One question that a scene answers, before it is worded.

    `slots` are the kinds, colours and relations that it names, in the order in which wordings take them; `things` the
    indices of those that it is about, None for one that is not there. Answers, of which there are `num_answers`, are to
    be even over the questions of a template that agree in one of `balanced_by`.
    """

    template: str
    slots: tuple[str, ...]
    answer: str
    num_answers: int
    balanced_by: tuple[str, ...]
    things: tuple[int | None, ...] = ()


Facts = Callable[[Scene], Iterator[Fact]]


def facts(scene: Scene, template: str) -> list[Fact]:
    """All facts of one of `TEMPLATES`."""
    return list(TEMPLATES[template](scene))


def _colours(scene: Scene) -> Iterator[Fact]:
    for i, thing in _single(scene):
        yield _of_thing("colour", i, thing, thing.colour, len(COLOURS))


def _patterns(scene: Scene) -> Iterator[Fact]:
    for i, thing in _single(scene):
        yield _of_thing("pattern", i, thing, thing.pattern, len(PATTERNS))


def _sizes(scene: Scene) -> Iterator[Fact]:
    for i, thing in _single(scene):
        yield _of_thing("size", i, thing, thing.size, len(SIZES))


def _supports(scene: Scene) -> Iterator[Fact]:
    """Where is the cat? On the chair, or in the grass."""
    for i, thing in _single(scene):
        support = thing.material if thing.stands_on is None else scene.things[thing.stands_on].kind
        yield _of_thing("support", i, thing, support, len(MATERIALS))


def _existence(scene: Scene) -> Iterator[Fact]:
    first = _first_of_kinds(scene)
    for kind in KINDS:
        yield _verified("existence", (kind,), kind in first, by=(kind,), things=(first.get(kind),))


def _is_colour(scene: Scene) -> Iterator[Fact]:
    for i, thing in _single(scene):
        for colour in COLOURS:
            slots = (thing.kind, colour)
            yield _verified("is colour", slots, thing.colour == colour, by=slots, things=(i,))


def _is_related(scene: Scene) -> Iterator[Fact]:
    """Is the ball left of the dog? Yes, or no where it is right of it."""
    for (i, first), (j, second) in permutations(_single(scene), 2):
        for relation in scene.relations(i, j):
            for said in (relation, _OPPOSITES[relation]) if relation in _OPPOSITES else ():
                by = (f"{first.kind} {said}", f"{said} {second.kind}")
                slots = (first.kind, said, second.kind)
                yield _verified("is related", slots, said == relation, by=by, things=(i, j))


def _either(scene: Scene) -> Iterator[Fact]:
    """Is there a cat or a dog? Never asked where there are both."""
    for pair, things in _pairs_of_kinds(scene):
        if None in things:
            yield _verified("either", pair, things != (None, None), by=pair, things=things)


def _both(scene: Scene) -> Iterator[Fact]:
    """Are there both a cat and a dog? Never asked where there is neither."""
    for pair, things in _pairs_of_kinds(scene):
        if things != (None, None):
            yield _verified("both", pair, None not in things, by=pair, things=things)


def _same_colour(scene: Scene) -> Iterator[Fact]:
    for (i, first), (j, second) in combinations(_single(scene), 2):
        pair = (first.kind, second.kind)
        yield _verified("same colour", pair, first.colour == second.colour, by=pair, things=(i, j))


def _which_colour(scene: Scene) -> Iterator[Fact]:
    """Is the ball red or blue? In either order."""
    for i, thing in _single(scene):
        for colours in permutations(COLOURS, 2):
            if thing.colour in colours:
                slots, by = (thing.kind, *colours), (" ".join(colours),)
                yield _fact("which colour", slots, thing.colour, 2, by=by, things=(i,))


def _which_side(scene: Scene) -> Iterator[Fact]:
    """Is the ball to the left or to the right of the dog?"""
    for (i, first), (j, second) in permutations(_single(scene), 2):
        for side in scene.relations(i, j):
            if side in ("left", "right"):
                by = (f"{first.kind} of", f"of {second.kind}")
                yield _fact("which side", (first.kind, second.kind), side, 2, by=by, things=(i, j))


def _count(scene: Scene) -> Iterator[Fact]:
    yield _fact("count", (), str(len(scene.things)), 2, by=("",))


def _count_of_kind(scene: Scene) -> Iterator[Fact]:
    for kind in KINDS:
        number = sum(thing.kind == kind for thing in scene.things)
        yield _fact("count of kind", (kind,), str(number), _NUM_COUNTS, by=(kind,))


def _count_of_colour(scene: Scene) -> Iterator[Fact]:
    for colour in COLOURS:
        number = sum(thing.colour == colour for thing in scene.things)
        yield _fact("count of colour", (colour,), str(number), _NUM_COUNTS, by=(colour,))


def _related(scene: Scene) -> Iterator[Fact]:
    """What is left of the dog? Nothing else may be on that side."""
    for j, second in _single(scene):
        others = [i for i in range(len(scene.things)) if i != j]
        for relation in _ASKED_RELATIONS:
            found = [i for i in others if relation in scene.relations(i, j)]
            if len(found) == 1 and not any(_may_be(relation, scene, i, j) for i in others if i not in found):
                by = (f"{relation} {second.kind}",)
                answer = scene.things[found[0]].kind
                yield _fact("related", (relation, second.kind), answer, len(KINDS), by=by, things=(j, *found))


def _thing_of_colour(scene: Scene) -> Iterator[Fact]:
    """What is the red thing?"""
    yield from _thing_that(scene, "thing of colour", lambda thing: thing.colour)


def _thing_of_pattern(scene: Scene) -> Iterator[Fact]:
    """What is striped?"""
    for fact in _thing_that(scene, "thing of pattern", lambda thing: thing.pattern):
        if fact.slots != ("plain",):
            yield fact


def _place(scene: Scene) -> Iterator[Fact]:
    yield _fact("place", (), scene.theme, len(THEMES), by=("",))


def _ground(scene: Scene) -> Iterator[Fact]:
    material = THEMES[scene.theme].lower
    if material != _UNSEEN_GROUND:
        yield _fact("ground", (), MATERIALS[material].colour, 4, by=("",))


TEMPLATES: Mapping[str, Facts] = {
    "colour": _colours,
    "pattern": _patterns,
    "size": _sizes,
    "support": _supports,
    "existence": _existence,
    "is colour": _is_colour,
    "is related": _is_related,
    "either": _either,
    "both": _both,
    "same colour": _same_colour,
    "which colour": _which_colour,
    "which side": _which_side,
    "count": _count,
    "count of kind": _count_of_kind,
    "count of colour": _count_of_colour,
    "related": _related,
    "thing of colour": _thing_of_colour,
    "thing of pattern": _thing_of_pattern,
    "place": _place,
    "ground": _ground,
}


def _fact(
    template: str,
    slots: tuple[str, ...],
    answer: str,
    num_answers: int,
    *,
    by: tuple[str, ...],
    things: tuple[int | None, ...] = (),
) -> Fact:
    return Fact(template=template, slots=slots, answer=answer, num_answers=num_answers, balanced_by=by, things=things)


def _of_thing(template: str, index: int, thing: Thing, answer: str, num_answers: int) -> Fact:
    return _fact(template, (thing.kind,), answer, num_answers, by=(thing.kind,), things=(index,))


def _verified(
    template: str, slots: tuple[str, ...], is_true: bool, *, by: tuple[str, ...], things: tuple[int | None, ...]
) -> Fact:
    return _fact(template, slots, "yes" if is_true else "no", 2, by=by, things=things)


def _thing_that(scene: Scene, template: str, quality: Callable[[Thing], str]) -> Iterator[Fact]:
    """The kind of each thing that alone has its quality."""
    qualities = [quality(thing) for thing in scene.things]
    for i, thing in enumerate(scene.things):
        if qualities.count(qualities[i]) == 1:
            yield _fact(template, (qualities[i],), thing.kind, len(KINDS), by=(qualities[i],), things=(i,))


def _single(scene: Scene) -> list[tuple[int, Thing]]:
    """The things that are alone of their kind, with their indices."""
    grouped = {i for group in scene.groups() for i in group}
    return [(i, thing) for i, thing in enumerate(scene.things) if i not in grouped]


def _first_of_kinds(scene: Scene) -> dict[str, int]:
    """The kinds that are there, each with the index of its first thing."""
    return {thing.kind: i for i, thing in reversed(list(enumerate(scene.things)))}


def _pairs_of_kinds(scene: Scene) -> Iterator[tuple[tuple[str, str], tuple[int | None, int | None]]]:
    first = _first_of_kinds(scene)
    for pair in combinations(KINDS, 2):
        yield pair, (first.get(pair[0]), first.get(pair[1]))


def _may_be(relation: Relation, scene: Scene, first: int, second: int) -> bool:
    """Whether somebody might say it of these two: the one's centre is on that side at all, or it seems to touch."""
    one, other = scene.things[first], scene.things[second]
    (x1, y1), (x2, y2) = one.centre, other.centre
    is_touching = (
        abs(one.box[3] - other.box[1]) <= _TOUCHING_PX and one.box[0] < other.box[2] and other.box[0] < one.box[2]
    )
    return {"left": x1 < x2, "right": x1 > x2, "above": y1 < y2, "below": y1 > y2, "on": is_touching}[relation]
