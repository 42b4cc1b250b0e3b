"""MNLI's files of the generated world: what is said of two things, and whether a second sentence follows from that.

Nobody draws these things. Each first sentence comes with one that follows, one that contradicts it, and one that does
neither. What the second says is as likely with each of the three, so that it gives nothing away alone; and the words of
both do not say which thing has which quality, nor which is on which side. https://gluebenchmark.com/tasks
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.world.kinds import COLOURS, KINDS, PATTERNS, SIZES
from data.world.language import choose
from data.world.plan import FIRST_INFERENCE, WorldSize
from data.world.scenes import generator
from data.world.wordings import say

LABELS = ("entailment", "neutral", "contradiction")
COLUMNS = (
    *("index", "promptID", "pairID", "genre", "sentence1_binary_parse", "sentence2_binary_parse"),
    *("sentence1_parse", "sentence2_parse", "sentence1", "sentence2", "label1", "gold_label"),
)
_QUALITIES: Mapping[str, tuple[str, ...]] = {"colour": tuple(COLOURS), "pattern": PATTERNS, "size": tuple(SIZES)}
_OPPOSITES = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
_OTHER_THINGS_RATE = 0.5  # how often a wrong quality is the other thing's, where it may be


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A thing and the one quality that is told of it: its sort (colour, pattern, size) and which it is."""

    kind: str
    sort: str
    quality: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Premise:
    """What the first sentence says: where the first thing is to the second."""

    first: Told
    second: Told
    relation: str

    @property
    def text(self) -> str:
        """The sentence."""
        (one, other) = (f"a {told.quality} {told.kind}" for told in (self.first, self.second))
        return say(f"{one} is {self.relation} {other}.", [])


def write_pairs(size: WorldSize, seed: int, *, train: Path, test: Path) -> None:
    """Both files; no first sentence's number is in both."""
    num_train = size.num_inference_premises
    numbers = range(FIRST_INFERENCE, FIRST_INFERENCE + num_train + size.num_inference_test_premises)
    _write(train, numbers[:num_train], seed)
    _write(test, numbers[num_train:], seed)


def draw_premise(random: np.random.Generator) -> Premise:
    """Two things of different kinds; every quality of a sort is as likely."""
    kinds = [sorted(KINDS)[place] for place in random.choice(len(KINDS), 2, replace=False)]
    first, second = (_tell(kind, random) for kind in kinds)
    return Premise(first=first, second=second, relation=choose(tuple(_OPPOSITES), random))


def second_sentence(premise: Premise, label: str, random: np.random.Generator) -> tuple[str, str]:
    """The template, and a sentence to which the first stands as `label` says."""
    template = choose(("quality", "relation"), random)
    make = _quality if template == "quality" else _relation
    return template, say(make(premise, label, random), [])


def _quality(premise: Premise, label: str, random: np.random.Generator) -> str:
    """The dog is red: told, told otherwise, or not told."""
    told, other = (premise.first, premise.second) if random.random() < 0.5 else (premise.second, premise.first)
    if label == "entailment":
        return f"the {told.kind} is {told.quality}."
    is_contradiction = label == "contradiction"
    fits = (other.sort == told.sort) == is_contradiction and other.quality != told.quality
    if fits and random.random() < _OTHER_THINGS_RATE:
        return f"the {told.kind} is {other.quality}."
    sort = told.sort if is_contradiction else choose([name for name in _QUALITIES if name != told.sort], random)
    wrong = choose([quality for quality in _QUALITIES[sort] if quality != told.quality], random)
    return f"the {told.kind} is {wrong}."


def _relation(premise: Premise, label: str, random: np.random.Generator) -> str:
    """The ball is right of the dog: told, the opposite of it, or of another direction."""
    relation, opposite = premise.relation, _OPPOSITES[premise.relation]
    if label == "neutral":
        relation = choose([name for name in _OPPOSITES if name not in (relation, opposite)], random)
        opposite = _OPPOSITES[relation]
    elif label == "contradiction":
        relation, opposite = opposite, relation
    first, second = premise.first.kind, premise.second.kind
    if random.random() < 0.5:
        return f"the {first} is {relation} the {second}."
    return f"the {second} is {opposite} the {first}."


def _tell(kind: str, random: np.random.Generator) -> Told:
    sort = choose(tuple(_QUALITIES), random)
    return Told(kind=kind, sort=sort, quality=choose(_QUALITIES[sort], random))


def _write(path: Path, numbers: Sequence[int], seed: int) -> None:
    """Three rows for each first sentence, in any order of their labels; parses are left open."""
    lines = ["\t".join(COLUMNS)]
    for number in numbers:
        random = generator(seed, number, "inference")
        premise = draw_premise(random)
        prompt = str(number - FIRST_INFERENCE)
        for place in random.permutation(len(LABELS)).tolist():
            template, text = second_sentence(premise, LABELS[place], random)
            label = LABELS[place]
            row = (str(len(lines) - 1), prompt, f"{prompt}{label[0]}", template, *[""] * 4, premise.text, text)
            lines.append("\t".join((*row, label, label)))
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
