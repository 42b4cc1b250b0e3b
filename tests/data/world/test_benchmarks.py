"""What the benchmarks' files ask is true of its scene, answered evenly, and laid out as its publishers do."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data.world import gqa, vqa
from data.world.draw import draw
from data.world.nlvr2 import plan_sets, write_sets
from data.world.plan import PlannedImage, WorldSize, plan_images
from data.world.scenes import Scene, Thing, make_scene
from tests.data.world.reading import answer, bears_out

SEED = 5
SPLITS = ("train2014", "val2014")


@pytest.fixture(scope="module", name="large")
def large_size(size: WorldSize) -> WorldSize:
    return replace(
        size,
        num_train_images=400,
        num_phrase_images=400,
        num_caption_images=100,
        num_validation_images=60,
        num_test_images=60,
        num_questions=4,
        num_nlvr2_train_sets=12,
        num_nlvr2_validation_sets=3,
        num_nlvr2_test_sets=6,
        num_nlvr2_sentences=8,
    )


@pytest.fixture(scope="module")
def images(large: WorldSize) -> list[PlannedImage]:
    return plan_images(large)


@pytest.fixture(scope="module")
def asked(images: list[PlannedImage], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VQA's and GQA's files of 520 images, without pictures."""
    into = tmp_path_factory.mktemp("asked")
    for split, is_train in (("train2014", True), ("val2014", False)):
        known = [image for image in images if (image.split == "train") == is_train]
        vqa.write_questions(known, SEED, split=split, num_questions=4, into=into)
        gqa.write_questions(known, SEED, num_questions=4, path=into / f"gqa_{split}.json")
        gqa.write_scene_graphs(known, SEED, path=into / f"graphs_{split}.json")
    return into


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def vqa_rows(asked: Path, split: str) -> list[dict[str, Any]]:
    questions = load(asked / f"v2_OpenEnded_mscoco_{split}_questions.json")["questions"]
    annotations = load(asked / f"v2_mscoco_{split}_annotations.json")["annotations"]
    by_id = {row["question_id"]: row for row in questions}
    return [{**by_id[row["question_id"]], **row} for row in annotations]


def gqa_rows(asked: Path) -> list[dict[str, Any]]:
    return [row for split in SPLITS for row in load(asked / f"gqa_{split}.json").values()]


def thing(kind: str, colour: str, x1: int) -> Thing:
    return Thing(kind=kind, colour=colour, pattern="plain", size="small", box=(x1, 60, x1 + 20, 80), material="grass")


@pytest.mark.parametrize(
    ("question", "truth"),
    [
        ("What color is the ball?", "red"),
        ("Is there a cat?", "no"),
        ("Are there any puppies?", "yes"),
        ("Is the dog red?", "no"),
        ("What is to the left of the dog?", "ball"),
        ("Where is the dog?", "grass"),
        ("How many things do you see?", "2"),
        ("How many cats are there?", "0"),
        ("Is there a cat or a dog?", "yes"),
        ("Are there both a cat and a dog?", "no"),
        ("Is the ball to the left or to the right of the dog?", "left"),
        ("Is the dog red or blue?", "blue"),
        ("Do the ball and the dog have the same color?", "no"),
        ("What color is the ground?", "green"),
    ],
)
def test_the_reader_of_questions_answers_by_looking(question: str, truth: str) -> None:
    things = (thing("ball", "red", 10), thing("dog", "blue", 60))
    assert answer(question, Scene(number=0, theme="park", horizon_px=50, things=things)) == truth


@pytest.mark.parametrize(
    ("statement", "truth"),
    [
        ("The left image shows a red ball.", True),
        ("There is a red ball in the right image.", False),
        ("Both images contain something blue.", True),
        ("Exactly one image shows a ball.", True),
        ("There are exactly three things in total.", True),
        ("The two images show three blue things together.", False),
        ("There are more things in the right picture than in the other.", False),
        ("Both images show the same place.", False),
        ("The right picture was taken at the beach.", True),
    ],
)
def test_the_reader_of_statements_tells_true_from_false(statement: str, truth: bool) -> None:
    left = Scene(number=0, theme="park", horizon_px=50, things=(thing("ball", "red", 10), thing("dog", "blue", 60)))
    right = Scene(number=1, theme="beach", horizon_px=50, things=(thing("dog", "blue", 10),))
    assert bears_out(statement, left, right) is truth


def test_every_answer_to_vqa_is_true_of_its_scene(asked: Path, images: list[PlannedImage]) -> None:
    scenes = {image.coco_id: make_scene(SEED, image.number) for image in images}
    rows = [row for split in SPLITS for row in vqa_rows(asked, split)]
    told = [(row["question"], row["multiple_choice_answer"], scenes[row["image_id"]]) for row in rows]
    assert len(told) > 1900
    assert [(q, a, scene.number) for q, a, scene in told if answer(q, scene) != a] == []


def test_every_answer_to_gqa_is_true_of_its_scene(asked: Path, images: list[PlannedImage]) -> None:
    scenes = {str(image.vg_id): make_scene(SEED, image.number) for image in images}
    told = [(row["question"], row["answer"], scenes[row["imageId"]]) for row in gqa_rows(asked)]
    assert len(told) == 4 * 520
    assert [(q, a, scene.number) for q, a, scene in told if answer(q, scene) != a] == []


def test_scene_graphs_hold_what_gqa_asks_about(asked: Path) -> None:
    graphs = load(asked / "graphs_train2014.json")
    for row in load(asked / "gqa_train2014.json").values():
        objects = graphs[row["imageId"]]["objects"]
        words = [word.strip("?,.").lower() for word in row["question"].split()]
        for place, object_id in row["annotations"]["question"].items():
            assert words[int(place)] == objects[object_id]["name"]
        for object_id in row["annotations"]["answer"].values():
            assert objects[object_id]["name"] == row["answer"]


def test_ten_people_answer_and_mostly_agree(asked: Path) -> None:
    rows = vqa_rows(asked, "train2014")
    agreeing = []
    for row in rows:
        answers = [each["answer"] for each in row["answers"]]
        assert [each["answer_id"] for each in row["answers"]] == list(range(1, 11))
        assert all(said == said.lower() for said in answers)
        (truth, number), *others = Counter(answers).most_common()
        assert truth == row["multiple_choice_answer"]
        assert all(count < number for _, count in others)
        agreeing.append(number)
    shares = {number: count / len(rows) for number, count in Counter(agreeing).items()}
    assert set(shares) == set(range(3, 11))
    assert 0.15 < shares[10] < 0.35  # a quarter, by _NUM_AGREEING
    assert 0.04 < shares[3] < 0.13  # one in twelve
    assert {"grey", "two", "mug", "maybe"} <= {each["answer"] for row in rows for each in row["answers"]}


def test_a_few_held_out_questions_have_no_published_answer(asked: Path) -> None:
    for split, low, high in (("train2014", 0.0, 0.0), ("val2014", 0.02, 0.09)):
        questions = load(asked / f"v2_OpenEnded_mscoco_{split}_questions.json")["questions"]
        assert low <= 1 - len(vqa_rows(asked, split)) / len(questions) <= high


def test_question_ids_number_the_questions_of_an_image(asked: Path) -> None:
    rows = vqa_rows(asked, "train2014")
    assert {row["question_id"] - 1000 * row["image_id"] for row in rows} == {0, 1, 2, 3}
    assert len({row["question_id"] for row in rows}) == len(rows)


def blind_accuracy(train: Iterable[tuple[str, str]], test: Iterable[tuple[str, str]]) -> float:
    """Of the most frequent answer to the very question, else to any question."""
    by_text: defaultdict[str, Counter[str]] = defaultdict(Counter)
    overall: Counter[str] = Counter()
    for text, said in train:
        by_text[text][said] += 1
        overall[said] += 1
    hits = [(by_text[text] or overall).most_common(1)[0][0] == said for text, said in test]
    return float(np.mean(hits))


def test_a_question_alone_tells_little(asked: Path) -> None:
    train, test = ([(r["question"], r["multiple_choice_answer"]) for r in vqa_rows(asked, s)] for s in SPLITS)
    assert blind_accuracy(train, test) < 0.4
    train, test = ([(r["question"], r["answer"]) for r in load(asked / f"gqa_{s}.json").values()] for s in SPLITS)
    assert blind_accuracy(train, test) < 0.45


def test_yes_is_as_frequent_as_no_for_every_kind_that_is_asked_for(asked: Path) -> None:
    yes: Counter[str] = Counter()
    no: Counter[str] = Counter()
    for row in gqa_rows(asked)[: 4 * 400]:
        if row["types"]["detailed"] == "exist":
            (yes if row["answer"] == "yes" else no)[row["groups"]["local"]] += 1
    assert len(yes) == 20
    assert all(abs(yes[kind] - no[kind]) <= 2 for kind in yes)


def test_colours_are_asked_of_every_kind_evenly(asked: Path) -> None:
    colours = Counter(r["answer"] for r in gqa_rows(asked)[: 4 * 400] if r["types"]["detailed"] == "directWhich")
    assert len(colours) == 6
    assert min(colours.values()) > 0.7 * max(colours.values())


def test_every_sentence_of_nlvr2_is_true_of_two_pairs_as_its_pictures_show(large: WorldSize, tmp_path: Path) -> None:
    templates: Counter[str] = Counter()
    for split, sets in plan_sets(large, SEED).items():
        path = tmp_path / f"{split}.json"
        write_sets(sets, SEED, path=path)
        scenes = {p.listed_as: make_scene(SEED, p.number) for each in sets for p in each.pictures()}
        labels: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for row in lines(path):
            name, _, sentence = row["identifier"].rpartition("-")
            pair = (scenes[f"{name}-img0"], scenes[f"{name}-img1"])
            assert str(bears_out(row["sentence"], *pair)) == row["label"], row
            labels[name.rpartition("-")[0], sentence].append(row["label"])
            templates[row["synset"]] += 1
        assert len(labels) == 8 * len(sets)
        assert all(sorted(each) == ["False", "False", "True", "True"] for each in labels.values())
    assert len(templates) == 8
    assert min(templates.values()) > 0.7 * max(templates.values())  # "both" is seldom to be had


def test_questions_and_statements_are_short(asked: Path, large: WorldSize) -> None:
    texts = [row["question"] for row in gqa_rows(asked)]
    texts += [row["question"] for split in SPLITS for row in vqa_rows(asked, split)]
    texts += [text for sets in plan_sets(large, SEED).values() for each in sets for _, text in each.sentences]
    assert max(len(text.split()) for text in texts) <= 13  # 16 word pieces with the stop, [CLS] and [SEP]; 20 are read


def test_a_pair_of_pictures_alone_tells_little(large: WorldSize) -> None:
    sets = plan_sets(large, SEED)["train"]
    rates = [np.mean(np.asarray(each.truths), axis=0) for each in sets]
    hits = np.mean([np.maximum(rate, 1 - rate).mean() for rate in rates])  # 0.64 where eight labels fall as coins do
    assert hits < 0.6


def test_pictures_of_nlvr2_are_the_scenes_that_its_sentences_mean(world: Path, size: WorldSize) -> None:
    for sets in plan_sets(size, 3).values():
        for each in sets:
            for picture in each.pictures():
                with Image.open(world / picture.path) as drawn:
                    assert (drawn.format, drawn.size) == ("PNG", (112, 112))
                    assert np.array_equal(np.asarray(drawn), np.asarray(draw(make_scene(3, picture.number), 3)))


def test_new_pictures_belong_to_no_other_collection(world: Path, size: WorldSize) -> None:
    known = {f"{image.name}.jpg" for image in plan_images(size)} | {f"{i.vg_id}.jpg" for i in plan_images(size)}
    flickr = {row["filename"] for row in load(world / "flickr30k/dataset_flickr30k.json")["images"]}
    nlvr2 = {path.name for path in (world / "nlvr2/images").iterdir()}
    assert (len(flickr), len(nlvr2)) == (5 + 2 + 3, 4 * 8)
    assert not known & flickr
    assert not known & nlvr2
    numbers = [p.number for sets in plan_sets(size, 3).values() for each in sets for p in each.pictures()]
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) >= 4_000_000


def test_flickr30k_is_split_and_described_as_planned(world: Path) -> None:
    rows = load(world / "flickr30k/dataset_flickr30k.json")
    assert rows["dataset"] == "flickr30k"
    assert [(row["split"], len(row["sentences"])) for row in rows["images"]] == [
        *[("train", 3)] * 5,
        *[("val", 3)] * 2,
        *[("test", 2)] * 3,
    ]
    sentences = [sentence for row in rows["images"] for sentence in row["sentences"]]
    assert [sentence["sentid"] for sentence in sentences] == list(range(27))
    assert [i for row in rows["images"] for i in row["sentids"]] == list(range(27))
    assert all(set(sentence) == {"tokens", "raw", "imgid", "sentid"} for sentence in sentences)
    assert all(" ".join(s["tokens"]) == s["raw"].lower().replace(".", "").replace(",", "") for s in sentences)


SharedData = Callable[[str], Path]


@pytest.mark.parametrize("kind", ["questions", "annotations"])
def test_vqa_is_laid_out_as_the_real_files_are(world: Path, shared_data: SharedData, kind: str) -> None:
    real = load(shared_data(f"vqa/smallval_{kind}.json"))
    made = load(next((world / "vqa").glob(f"*val2014_{kind}.json")))
    assert set(made) == set(real)
    left_out = {"multiple_choice_answer"} if kind == "annotations" else set()  # by this excerpt, not by VQA v2 itself
    assert {frozenset(row) for row in made[kind]} == {frozenset(row) | left_out for row in real[kind]}
    if kind == "annotations":
        assert set(made[kind][0]["answers"][0]) == set(real[kind][0]["answers"][0])
        assert {row["answer_type"] for row in made[kind]} <= {row["answer_type"] for row in real[kind]}


def test_gqa_is_laid_out_as_the_real_files_are(world: Path, shared_data: SharedData) -> None:
    real = list(load(shared_data("gqa/val_balanced_tail.json")).values())
    made = list(load(world / "gqa/val_balanced_questions.json").values())
    for part in ("groups", "types", "annotations"):
        assert {frozenset(row[part]) for row in made} == {frozenset(row[part]) for row in real}
    assert {frozenset(row) for row in made} == {frozenset(row) for row in real}
    assert {frozenset(step) for row in made for step in row["semantic"]} == {
        frozenset(step) for step in real[0]["semantic"]
    }
    real_graph = next(g for g in load(shared_data("gqa/scene_graphs_sample.json")).values() if "location" in g)
    made_graph = next(iter(load(world / "gqa/val_sceneGraphs.json").values()))
    assert set(made_graph) == set(real_graph)
    first = next(iter(made_graph["objects"].values()))
    assert set(first) == set(next(iter(real_graph["objects"].values())))


@pytest.mark.parametrize("split", ["dev", "test1"])
def test_nlvr2_is_laid_out_as_the_real_files_are(world: Path, shared_data: SharedData, split: str) -> None:
    real, made = lines(shared_data(f"nlvr2/{split}.json"))[:50], lines(world / f"nlvr2/{split}.json")
    assert {frozenset(row) for row in made} == {frozenset(row) for row in real}
    judges = {"validation", "extra_validations"}
    assert {frozenset(row) | judges for row in lines(world / "nlvr2/train.json")} == {frozenset(row) for row in real}
