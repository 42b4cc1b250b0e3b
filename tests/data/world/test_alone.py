"""Pairs of sentences and classes of images: true by construction, and not to be told by less than what is asked."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.records import QuestionRecord
from data.sources import all_sources
from data.world import mnli
from data.world.classes import colour_of_largest
from data.world.kinds import COLOURS, PATTERNS, SIZES
from data.world.plan import PlannedImage, WorldSize, plan_images
from data.world.scenes import Scene, Thing, make_scene
from tests.data.world.conftest import SEED

SORTS = {quality: name for name, its in (("c", COLOURS), ("p", PATTERNS), ("s", SIZES)) for quality in its}
OPPOSITES = {"left of": "right of", "above": "below", "right of": "left of", "below": "above"}
RELATIONS = "|".join(OPPOSITES)


@pytest.fixture(scope="module")
def pairs(size: WorldSize, tmp_path_factory: pytest.TempPathFactory) -> list[QuestionRecord]:
    into = tmp_path_factory.mktemp("mnli")
    large = replace(size, num_inference_premises=1500, num_inference_test_premises=300)
    mnli.write_pairs(large, SEED, train=into / "train.tsv", test=into / "dev_matched.tsv")
    read = all_sources()["mnli"].reads["sentences"]
    return [row for name in ("train", "dev_matched") for row in read(into / f"{name}.tsv", pytest.fail)]


def follows(first: str, second: str) -> str:
    """The label of a pair, from its two texts alone."""
    said = re.fullmatch(rf"An? (\w+) (\w+) is ({RELATIONS}) an? (\w+) (\w+)\.", first)
    assert said is not None, first
    quality_of = {said[2]: said[1], said[5]: said[4]}
    facts = {(said[2], said[3], said[5]), (said[5], OPPOSITES[said[3]], said[2])}
    asked = re.fullmatch(rf"The (\w+) is (?:({RELATIONS}) the (\w+)|(\w+))\.", second)
    assert asked is not None, second
    kind, relation, other, quality = asked.groups()
    if quality is not None:
        told = quality_of[kind]
        if SORTS[told] != SORTS[quality]:
            return "neutral"
        return "entailment" if told == quality else "contradiction"
    if (kind, relation, other) in facts:
        return "entailment"
    return "contradiction" if (kind, OPPOSITES[relation], other) in facts else "neutral"


def test_every_label_is_what_the_two_sentences_say(pairs: list[QuestionRecord]) -> None:
    assert {row.kind for row in pairs} == {"quality", "relation"}
    for row in pairs:
        assert row.answers == (follows(row.text, row.second),)


def test_labels_are_even_and_the_second_sentence_tells_none(pairs: list[QuestionRecord]) -> None:
    assert set(Counter(row.answers for row in pairs).values()) == {1800}
    train = [row for row in pairs if row.split == "train"]
    by_sentence: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in train:
        by_sentence[row.second][row.answers[0]] += 1
    test = [row for row in pairs if row.split == "test" and by_sentence[row.second]]
    right = np.mean([by_sentence[row.second].most_common(1)[0][0] == row.answers[0] for row in test])
    assert right < 0.40  # chance is a third


def test_a_bag_of_words_tells_hardly_more_than_chance(pairs: list[QuestionRecord]) -> None:
    """Naive Bayes on the words of both sentences; a swap of the two things leaves the bag as it is."""
    words = {word: place for place, word in enumerate(sorted({w for row in pairs for w in bag(row)}))}
    counts = {label: np.ones(len(words)) for label in mnli.LABELS}
    for row in pairs:
        if row.split == "train":
            for word in bag(row):
                counts[row.answers[0]][words[word]] += 1
    logs = {label: np.log(values / values.sum()) for label, values in counts.items()}
    test = [row for row in pairs if row.split == "test"]
    given = [max(logs, key=lambda label: sum(logs[label][words[w]] for w in bag(row))) for row in test]
    assert np.mean([guess == row.answers[0] for guess, row in zip(given, test, strict=True)]) < 0.45
    same_bag: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in pairs:
        same_bag[tuple(sorted(bag(row)))].add(row.answers[0])
    assert sum(len(labels) > 1 for labels in same_bag.values()) > 10


def bag(row: QuestionRecord) -> list[str]:
    return re.findall(r"\w+", f"{row.text} {row.second}".lower())


def test_premises_are_shared_by_no_two_splits(pairs: list[QuestionRecord]) -> None:
    splits: defaultdict[str, set[str | None]] = defaultdict(set)
    for row in pairs:
        splits[row.text].add(row.split)
    both = [text for text, found in splits.items() if {"train", "validation"} <= found]
    assert both == []
    assert sum(len(found) > 1 for found in splits.values()) < 0.01 * len(splits)  # two may be drawn alike by chance


def thing(colour: str, width: int) -> Thing:
    return Thing(
        kind="ball", colour=colour, pattern="plain", size="large", box=(10, 10, 10 + width, 20), material="grass"
    )


@pytest.mark.parametrize(
    ("things", "colour"),
    [
        ((("red", 30), ("blue", 20)), "red"),
        ((("red", 24), ("blue", 20)), None),  # 1.2 times as large is not plain
        ((("red", 25), ("blue", 20)), "red"),
        ((("red", 20), ("red", 20), ("blue", 15)), "red"),
        ((("blue", 15), ("red", 40), ("red", 5)), "red"),
    ],
)
def test_the_class_is_the_colour_of_what_is_plainly_the_largest(
    things: tuple[tuple[str, int], ...], colour: str | None
) -> None:
    scene = Scene(number=0, theme="park", horizon_px=50, things=tuple(thing(*each) for each in things))
    assert colour_of_largest(scene) == colour


def test_classes_are_listed_of_published_images_and_can_be_seen(world: Path, size: WorldSize) -> None:
    images = {named(image): image for image in plan_images(size)}
    rows = list(all_sources()["image_class_list"].reads["classes"](world / "image_classes.tsv", pytest.fail))
    assert rows
    for row in itertools.islice(rows, 12):
        image = images[row.question_id]
        largest = max(make_scene(SEED, image.number).things, key=area)
        pixels = np.asarray(Image.open(world / image.picture.path).convert("RGB"), np.int64)
        x1, y1, x2, y2 = largest.box
        distance = np.abs(pixels[max(y1, 0) : y2, x1:x2] - np.asarray(COLOURS[row.answers[0]])).max(2)
        assert (distance < 40).mean() > 0.03, (row, largest)
    assert {row.answers[0] for row in rows} <= set(COLOURS)


def area(thing: Thing) -> int:
    x1, y1, x2, y2 = thing.box
    return (x2 - x1) * (y2 - y1)


def named(image: PlannedImage) -> str:
    return f"vg:{image.vg_id}" if image.coco_id is None else f"coco:{image.coco_id}"
