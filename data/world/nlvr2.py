"""NLVR2's files of the generated world (https://github.com/lil-lab/nlvr/tree/master/nlvr2).

A set has eight pictures, found by a search for two kinds and shown as four pairs, and each of its sentences is true of
exactly two of the four: neither a sentence nor its wording gives anything away. NLVR2 has no field for a statement's
template; it stands where the WordNet synset of the image search would, as `synset`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from data.world.kinds import KINDS
from data.world.plan import FIRST_NLVR2_SCENE, Picture, WorldSize
from data.world.scenes import Scene, generator, make_scene
from data.world.statements import Pair, Statement, statements

NUM_PAIRS = 4
NUM_TRUE = 2
_SCENES_OF_A_SET = 1000  # numbers kept for its search; some forty are looked at
_NUM_PEOPLE = 200
_NUM_EXTRA_VALIDATIONS = 4
_DISSENT_RATE = 0.03  # of these


@dataclass(frozen=True, kw_only=True)
class PictureSet:
    """Four pairs, which sentences are judged on them (template and text), and of which pairs each is true."""

    split: str  # as in the file's name: train, dev, test1
    number: int
    query: str
    pairs: tuple[Pair, ...]
    sentences: tuple[tuple[str, str], ...]
    truths: tuple[tuple[bool, ...], ...]

    def pictures(self) -> Iterator[Picture]:
        """What is to be drawn of it."""
        for i, pair in enumerate(self.pairs):
            for side, scene in enumerate(pair):
                name = f"{self.split}-{self.number}-{i}-img{side}"
                yield Picture(number=scene.number, path=f"nlvr2/images/{name}.png", listed_as=name)


def plan_sets(size: WorldSize, seed: int) -> dict[str, list[PictureSet]]:
    """The sets of each file; set numbers and scenes are unlike in all of them."""
    sizes = {
        "train": size.num_nlvr2_train_sets,
        "dev": size.num_nlvr2_validation_sets,
        "test1": size.num_nlvr2_test_sets,
    }
    numbers = count()
    planned: dict[str, list[PictureSet]] = {}
    for split, num_sets in sizes.items():
        num_used: Counter[str] = Counter()
        planned[split] = [
            _plan_set(split, next(numbers), seed, num_used, num_sentences=size.num_nlvr2_sentences)
            for _ in range(num_sets)
        ]
    return planned


def _plan_set(split: str, number: int, seed: int, num_used: Counter[str], *, num_sentences: int) -> PictureSet:
    """A set whose pictures allow as many balanced sentences as are wanted; `num_used` counts templates over a file."""
    first = FIRST_NLVR2_SCENE + _SCENES_OF_A_SET * number
    random = generator(seed, first, "nlvr2")
    kinds = [sorted(KINDS)[i] for i in random.choice(len(KINDS), 2, replace=False)]
    found = _search(kinds, seed, first)
    while True:
        pairs = tuple((next(found), next(found)) for _ in range(NUM_PAIRS))
        chosen = _choose(pairs, random, num_used, num_sentences=num_sentences)
        if len(chosen) == num_sentences:
            break
    num_used.update(statement.template for statement in chosen)
    return PictureSet(
        split=split,
        number=number,
        query=f"{' and '.join(kinds)}{number}",
        pairs=pairs,
        sentences=tuple((statement.template, statement.text(random)) for statement in chosen),
        truths=tuple(_truths(statement, pairs) for statement in chosen),
    )


def _search(kinds: Sequence[str], seed: int, first: int) -> Iterator[Scene]:
    """The scenes from this number on that show one of these kinds: pictures of a set have something in common."""
    scenes = (make_scene(seed, number) for number in count(first))
    return (scene for scene in scenes if any(thing.kind in kinds for thing in scene.things))


def _choose(
    pairs: Sequence[Pair], random: np.random.Generator, num_used: Counter[str], *, num_sentences: int
) -> list[Statement]:
    """Statements that are true of two pairs, of the rarest templates, and such that pairs are true about as often."""
    found = statements([scene for pair in pairs for scene in pair])
    left = {found[i]: _truths(found[i], pairs) for i in random.permutation(len(found))}
    left = {statement: truths for statement, truths in left.items() if sum(truths) == NUM_TRUE}
    used, num_true, chosen = Counter(num_used), np.zeros(NUM_PAIRS), list[Statement]()
    while left and len(chosen) < num_sentences:
        best = min(left, key=lambda statement: (used[statement.template], np.ptp(num_true + left[statement])))
        num_true += left.pop(best)
        used[best.template] += 1
        chosen.append(best)
    return chosen


def _truths(statement: Statement, pairs: Sequence[Pair]) -> tuple[bool, ...]:
    return tuple(statement.is_true(pair) for pair in pairs)


def write_sets(sets: Sequence[PictureSet], seed: int, *, path: Path) -> None:
    """One JSON line for each sentence and pair; those of dev and test1 say who judged them, as NLVR2's do."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for each in sets:
            random = generator(seed, each.number, "nlvr2")
            for row in _rows(each, random):
                file.write(json.dumps(row) + "\n")


def _rows(each: PictureSet, random: np.random.Generator) -> Iterator[dict[str, Any]]:
    for k, ((template, text), truths) in enumerate(zip(each.sentences, each.truths, strict=True)):
        writer, *validators = (str(i) for i in random.choice(_NUM_PEOPLE, 2 + _NUM_EXTRA_VALIDATIONS, replace=False))
        for i, is_true in enumerate(truths):
            name = f"{each.split}-{each.number}-{i}"
            row = {
                "identifier": f"{name}-{k}",
                "sentence": text,
                "label": str(is_true),
                "synset": template,
                "query": each.query,
                "writer": writer,
                "left_url": f"nlvr2/images/{name}-img0.png",
                "right_url": f"nlvr2/images/{name}-img1.png",
            }
            yield row if each.split == "train" else {**row, **_validations(validators, is_true, random)}


def _validations(people: Sequence[str], is_true: bool, random: np.random.Generator) -> dict[str, dict[str, str]]:
    first, *others = people
    extra = {person: str(is_true != (random.random() < _DISSENT_RATE)) for person in others}
    return {"validation": {first: str(is_true)}, "extra_validations": extra}
