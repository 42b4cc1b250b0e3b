"""Rows of texts alone and of images alone: whose split they have, what is encoded, and what is an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from data import tables
from data.answers import exact_target
from data.contracts import questions as contract
from data.errors import ContractError, UserError
from data.images import SplitSettings
from data.images import build as build_images
from data.pictures.building import StoreSettings
from data.pictures.building import build as build_pictures
from data.progress import silent
from data.questions import QuestionSettings, build
from data.schema import BENCHMARK_ROWS
from data.writers import write_parquet
from model.benchmarks import stsb
from tests.parts import only_part

WORDS = ["what", "is", "it", "a", "dog", "cat", "barks", "."]
SETTINGS = QuestionSettings(max_length=12, max_rejected_rate=0.5, rows_per_shard=1000)
LABELS = ("entailment", "neutral", "contradiction")


class Rows:
    """One image with regions in the table, files of rows below `root`, and the rows that are made of them."""

    def __init__(self, small: Any, root: Path) -> None:
        self.root, self.small = root, small
        self.given = {
            "images": small.images({"coco:1": "train"}),
            "regions": small.regions([small.region_row("coco:1")]),
            "vocabulary": small.vocabulary(WORDS),
        }

    def tsv(self, name: str, *rows: tuple[str, ...]) -> Path:
        path = self.root / name
        path.write_text("".join("\t".join(row) + "\n" for row in rows), "utf-8")
        return path

    def build(self, content: Any, files: dict[str, tuple[Path, ...]], **changes: Any) -> list[dict[str, Any]]:
        self.into = self.small.empty_folder("rows")
        arguments = {"targets": exact_target, **changes}
        build(
            files,
            content=content,
            list_source=None,
            **self.given,
            settings=SETTINGS,
            into=self.into,
            progress=silent,
            workplace=self.small.place(),
            **arguments,
        )
        self.check(content)
        found: list[dict[str, Any]] = tables.read(self.into / "rows", BENCHMARK_ROWS.names).to_pylist()
        return found

    def check(self, content: Any) -> None:
        contract.check(self.into, **self.given, max_length=SETTINGS.max_length, content=content)

    def answers(self) -> list[str]:
        found: list[str] = json.loads((self.into / "answers.json").read_text("utf-8"))
        return found


@pytest.fixture
def rows(small: Any, tmp_path: Path) -> Rows:
    return Rows(small, tmp_path)


def mnli(rows: Rows) -> dict[str, tuple[Path, ...]]:
    head = ("genre", "sentence1", "sentence2", "gold_label")
    train = [("x", f"a dog {number} .", "it barks .", LABELS[number % 3]) for number in range(100)]
    test = [("y", "what is it .", "a cat .", "neutral"), ("y", "a dog .", "a cat .", "contradiction")]
    return {"mnli": (rows.tsv("train.tsv", head, *train), rows.tsv("dev_matched.tsv", head, *test))}


def test_pairs_of_sentences_are_one_text_with_sep_in_the_middle_and_no_image(rows: Rows) -> None:
    found = rows.build("sentences", mnli(rows))
    by_id = {row["row_id"]: row for row in found}
    row = by_id["mnli:dev_matched-0"]
    assert (row["text"], row["image_ids"], row["split"]) == ("what is it . [SEP] a cat .", [], "test")
    # ids: five specials, then WORDS in their order
    assert row["token_ids"] == [2, 5, 6, 7, 12, 3, 8, 10, 12, 3]
    assert (row["published"], row["target_scores"], row["kind"]) == (["neutral"], [1.0], "y")
    assert sorted(rows.answers()) == sorted(LABELS)
    splits = [row["split"] for row in found]
    assert (splits.count("test"), splits.count("train") + splits.count("validation")) == (2, 100)
    assert 0 < splits.count("validation") < 20
    counts = json.loads((rows.into / "counts.json").read_text("utf-8"))
    assert counts["images"] == {"train": 0, "validation": 0, "test": 0, "submit": 0}


def test_a_second_sentence_without_a_word_is_rejected(rows: Rows) -> None:
    head = ("genre", "sentence1", "sentence2", "gold_label")
    files = mnli(rows)
    more = (("z", "a dog .", "\u200b", "neutral"), ("z", "a", "a", "neutral"))
    files["mnli"] += (rows.tsv("dev_other.tsv", head, *more),)
    found = rows.build("sentences", files)
    assert not [row for row in found if row["row_id"] == "mnli:dev_other-0"]
    assert json.loads((rows.into / "counts.json").read_text("utf-8"))["rejected"] == {"empty text": 1}


def test_a_number_is_a_share_of_the_most_which_is_the_one_possible_answer(rows: Rows) -> None:
    head = ("genre", "sentence1", "sentence2", "score")
    train = [("x", f"a dog {number} .", "it barks .", f"{number % 6}.000") for number in range(100)]
    files = {"stsb": (rows.tsv("train.tsv", head, *train), rows.tsv("dev.tsv", head, ("x", "a", "it", "3.800")))}
    rule = stsb.BENCHMARK.answers
    assert rule is not None
    found = rows.build("sentences", files, targets=rule.targets, fixed=rule.fixed)
    assert rows.answers() == ["5"]
    (row,) = [row for row in found if row["split"] == "test"]
    assert row["target_ids"] == [0]
    assert row["target_scores"] == pytest.approx([0.76])
    assert {tuple(row["target_ids"]) for row in found if row["published"] == ["0.000"]} == {()}


def test_without_a_dev_file_there_is_nothing_to_test_on_and_the_error_says_so(rows: Rows) -> None:
    files = mnli(rows)
    with pytest.raises(UserError, match=r"no test rows.*add the publisher's dev\.tsv"):
        rows.build("sentences", {"mnli": files["mnli"][:1]})


def test_images_of_classes_are_joined_with_their_pictures_and_need_no_regions(rows: Rows, tmp_path: Path) -> None:
    for part, number in (("train", 40), ("test", 4)):
        for name in ("cat", "dog"):
            (tmp_path / part / name).mkdir(parents=True)
            for place in range(number):
                Image.new("RGB", (8, 8), (place, 0, 0)).save(tmp_path / part / name / f"{place}.png")
    (tmp_path / "test/dog/broken.png").write_bytes(b"no picture")
    files = {f"image_classes_{part}": (tmp_path / part,) for part in ("train", "test")}
    images, pictures = rows.small.empty_folder("images"), rows.small.empty_folder("pictures")
    build_images(files, SplitSettings(validation_rate=0.1, test_rate=0.1, seed=1), into=images, progress=silent)
    build_pictures(
        files,
        images=images,
        settings=StoreSettings(images_per_shard=50),
        into=pictures,
        progress=silent,
        workplace=rows.small.place(),
    )
    rows.given |= {"images": images, "pictures": pictures}
    found = rows.build("classes", files)
    assert len(found) == 2 * (40 + 4)  # the two of one name are told apart by their folders
    assert {(row["text"], tuple(row["token_ids"])) for row in found} == {("", ())}
    assert sum(row["split"] == "test" for row in found) == 8
    assert 0 < sum(row["split"] == "validation" for row in found) < 20
    assert rows.answers() == ["cat", "dog"]
    assert json.loads((rows.into / "counts.json").read_text("utf-8"))["rejected"] == {"image has no picture": 1}


@pytest.mark.parametrize(
    ("content", "change", "match"),
    [
        ("sentences", {"image_ids": ["coco:1"]}, "0 images a row"),
        ("sentences", {"text": " "}, "no empty text"),
        ("sentences", {"token_ids": [2, 8, 3, 9, 3, 9, 3]}, "no specials"),
        ("sentences", {"token_ids": [2, *[8] * 6, 3, *[9] * 6, 3]}, "at most 12 word pieces"),
        ("classes", {"image_ids": []}, "1 images a row"),
        ("classes", {"text": "a", "token_ids": [2, 8, 3]}, "no text of an image alone"),
    ],
)
def test_the_contract_tells_what_stands_alone(content: Any, change: dict[str, Any], match: str, rows: Rows) -> None:
    rows.build("sentences", mnli(rows))
    path = only_part(rows.into, "rows")
    row = tables.read(rows.into / "rows", BENCHMARK_ROWS.names).to_pylist()[0]
    if content == "classes":
        row |= {"image_ids": ["coco:1"], "text": "", "token_ids": []}
    row |= {"split": "train"}
    write_parquet(path, pa.Table.from_pylist([row], schema=BENCHMARK_ROWS), BENCHMARK_ROWS)
    rows.check(content)
    write_parquet(path, pa.Table.from_pylist([row | change], schema=BENCHMARK_ROWS), BENCHMARK_ROWS)
    with pytest.raises(ContractError, match=match):
        rows.check(content)
