"""Joins across collections and leaks between them, worked out on a handful of images, and on real files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import images, joins, leaks
from data.contracts import images as images_contract
from data.images import HeldOutBy, ImageTable, SplitSettings
from data.progress import silent
from data.schema import CORPUS
from data.writers import write_parquet
from tests.parts import only_part

Files = Mapping[str, tuple[Path, ...]]

# COCO's 1 to 4, of 2014. VQA asks about all of them, GQA about Visual Genome's 11 (COCO's 2) and 13.
COCO = {
    "captions_train2014.json": [(1, "COCO_train2014_000000000001.jpg"), (2, "COCO_train2014_000000000002.jpg")],
    "captions_val2014.json": [(3, "COCO_val2014_000000000003.jpg"), (4, "COCO_val2014_000000000004.jpg")],
}
FLICKR_URL = "http://farm1.staticflickr.com/1/{}_a_z.jpg"
PHOTOS = {1: 901, 2: 902, 3: 903, 4: 904}
VQA = {
    "v2_OpenEnded_mscoco_train2014_questions.json": [1, 2],
    "v2_OpenEnded_mscoco_val2014_questions.json": [3, 4, 4],
}
VG = [(11, 2, 902), (12, None, 903), (13, None, None)]  # number, coco_id, flickr_id: 12 is COCO's 3, which nobody says
GQA = {
    "train_balanced_questions.json": [13],
    "val_balanced_questions.json": [11],
}
FLICKR30K = [(901, "test"), (999, "train")]  # 901 is COCO's 1


@pytest.fixture
def files(tmp_path: Path) -> Files:
    def write(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(content), "utf-8")
        return path

    def coco(listed: list[tuple[int, str]]) -> Any:
        size = {"width": 640, "height": 480}
        images = [{"id": n, "file_name": f, "flickr_url": FLICKR_URL.format(PHOTOS[n]), **size} for n, f in listed]
        return {"images": images, "annotations": []}

    def gqa(numbers: list[int]) -> Any:
        return {f"{number}0": {"imageId": str(number), "question": "what?", "answer": "x"} for number in numbers}

    vg = [
        {"image_id": n, "coco_id": c, "flickr_id": f, "width": 640, "height": 480, "url": f"https://a/{n}.jpg"}
        for n, c, f in VG
    ]
    flickr = [{"filename": f"{n}.jpg", "split": split, "sentences": []} for n, split in FLICKR30K]
    questions = {
        name: {"questions": [{"image_id": i, "question_id": n, "question": "?"} for n, i in enumerate(asked)]}
        for name, asked in VQA.items()
    }
    return {
        "coco_captions": tuple(write(name, coco(listed)) for name, listed in COCO.items()),
        "vqa_questions": tuple(write(name, asked) for name, asked in questions.items()),
        "vg_image_data": (write("image_data.json", vg),),
        "gqa_questions": tuple(write(name, gqa(numbers)) for name, numbers in GQA.items()),
        "flickr30k": (write("dataset_flickr30k.json", {"images": flickr}),),
    }


def _table(files: Files, into: Path, held_out_by: HeldOutBy = "splits") -> ImageTable:
    into.mkdir()
    settings = SplitSettings(validation_rate=0, test_rate=0, seed=1, held_out_by=held_out_by)
    images.build(files, settings, into=into, progress=silent)
    images_contract.check(into)
    return images.load(into)


def _corpus(folder: Path, table: ImageTable, rows: Mapping[str, str]) -> Path:
    """Rows by id, each of an image, with its split."""
    values = [
        {"row_id": row_id, "image_id": image_id, "split": table.split[image_id], "text": "x", "token_ids": [1]}
        for row_id, image_id in sorted(rows.items(), key=lambda row: (row[1], row[0]))
    ]
    folder.mkdir()
    table_rows = pa.Table.from_pylist([{**row, "topic_ids": [], "source_ids": []} for row in values], schema=CORPUS)
    write_parquet(only_part(folder, "corpus"), table_rows, CORPUS)
    return folder


def test_every_picture_is_in_each_collection_that_lists_it_and_how_that_is_known(files: Files, tmp_path: Path) -> None:
    _table(files, tmp_path / "images")
    rows = [tuple(row.values()) for row in joins.load(tmp_path / "images").to_pylist()]
    assert rows == [
        ("coco:1", "coco", "coco:1", "train2014", "train", "own id"),
        ("coco:1", "flickr30k", "flickr30k:901", None, "test", "photograph"),
        ("coco:1", "vqa", "coco:1", "train2014", "train", "own id"),
        ("coco:2", "coco", "coco:2", "train2014", "train", "own id"),
        ("coco:2", "gqa", "vg:11", "val", "validation", "coco_id"),
        ("coco:2", "vg", "vg:11", None, None, "coco_id"),
        ("coco:2", "vqa", "coco:2", "train2014", "train", "own id"),
        ("coco:3", "coco", "coco:3", "val2014", "validation", "own id"),
        ("coco:3", "vg", "vg:12", None, None, "photograph"),
        ("coco:3", "vqa", "coco:3", "val2014", "validation", "own id"),
        ("coco:4", "coco", "coco:4", "val2014", "validation", "own id"),
        ("coco:4", "vqa", "coco:4", "val2014", "validation", "own id"),
        ("flickr30k:901", "coco", "coco:1", "train2014", "train", "photograph"),
        ("flickr30k:901", "flickr30k", "flickr30k:901", None, "test", "own id"),
        ("flickr30k:901", "vqa", "coco:1", "train2014", "train", "photograph"),
        ("flickr30k:999", "flickr30k", "flickr30k:999", None, "train", "own id"),
        ("vg:12", "coco", "coco:3", "val2014", "validation", "photograph"),
        ("vg:12", "vg", "vg:12", None, None, "own id"),
        ("vg:12", "vqa", "coco:3", "val2014", "validation", "photograph"),
        ("vg:13", "gqa", "vg:13", "train", "train", "own id"),
        ("vg:13", "vg", "vg:13", None, None, "own id"),
    ]


def test_by_default_a_publishers_validation_images_are_trained_on_and_photographs_held_out_here_are_not(
    files: Files, tmp_path: Path
) -> None:
    table = _table(files, tmp_path / "images")
    # Only Flickr30k says what it tests on; COCO's 1 is that photograph.
    assert {name for name, split in table.split.items() if split != "train"} == {"flickr30k:901", "coco:1"}
    rows = {"a": "coco:1", "b": "coco:2", "c": "coco:3", "d": "coco:3", "e": "vg:12", "f": "vg:13"}
    corpus = _corpus(tmp_path / "corpus", table, rows)
    leaks.build(images=tmp_path / "images", corpora={"SentenceCorpus": corpus}, into=tmp_path)
    told = json.loads((tmp_path / "leaks.json").read_text())["leaks"]
    assert {leak["num_trained_rows"] for leak in told} == {5}
    assert {leak["corpus"] for leak in told} == {"SentenceCorpus"}
    shown = ("benchmark", "split_by", "split", "part", "num_held_out_images", "num_images", "num_rows", "examples")
    assert [tuple(leak[name] for name in shown) for leak in told] == [
        ("flickr30k", "here", "test", "", 2, 0, 0, []),
        ("flickr30k", "publisher", "test", "", 2, 0, 0, []),
        ("gqa", "publisher", "validation", "val", 1, 1, 1, ["b"]),
        ("vqa", "here", "validation", "", 2, 0, 0, []),  # COCO's 1 and Flickr30k's 901, one photograph
        ("vqa", "publisher", "validation", "val2014", 3, 2, 3, ["c", "d", "e"]),
    ]
    assert [leak["known_by"] for leak in told] == [{}, {}, {"coco_id": 1}, {}, {"own id": 1, "photograph": 1}]
    table_rows = pq.read_table(tmp_path / "leaks.parquet").to_pylist()
    assert [(row["benchmark"], row["image_id"], row["known_by"], row["row_ids"]) for row in table_rows] == [
        ("gqa", "coco:2", "coco_id", ["b"]),
        ("vqa", "coco:3", "own id", ["c", "d"]),
        ("vqa", "vg:12", "photograph", ["e"]),
    ]


def test_what_publishers_hold_out_can_be_kept_from_pre_training(files: Files, tmp_path: Path) -> None:
    table = _table(files, tmp_path / "images", "publishers")
    assert table.split == {
        **dict.fromkeys(("coco:1", "coco:2", "coco:3", "coco:4", "vg:12"), "validation"),
        "flickr30k:901": "test",
        "flickr30k:999": "train",
        "vg:13": "train",
    }
    notes = json.loads((tmp_path / "images" / "counts.json").read_text())["notes"]
    assert notes["images of pre-training held out as a benchmark's publisher has them"] == 5
    rows = {"a": "coco:1", "b": "coco:2", "c": "coco:3", "e": "vg:12", "f": "vg:13"}
    corpus = _corpus(tmp_path / "corpus", table, rows)
    leaks.build(images=tmp_path / "images", corpora={"SentenceCorpus": corpus}, into=tmp_path)
    told = json.loads((tmp_path / "leaks.json").read_text())["leaks"]
    assert told
    assert all(leak["num_rows"] == 0 and leak["num_trained_rows"] == 1 for leak in told)


def test_what_a_list_puts_into_test_stays_there_whatever_publishers_say(files: Files, tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text("coco:4\n")
    table = _table({**files, "test_images": (tmp_path / "test.txt",)}, tmp_path / "images", "publishers")
    assert table.split["coco:4"] == "test"
    rows = joins.load(tmp_path / "images").to_pylist()
    listed = [row for row in rows if row["collection"] == "lists"]
    assert [(row["image_id"], row["split"], row["known_by"]) for row in listed] == [("coco:4", "test", "own id")]


def test_the_tables_are_the_same_whatever_the_order_of_files(files: Files, tmp_path: Path) -> None:
    _table(files, tmp_path / "images")
    _table({name: paths[::-1] for name, paths in reversed(files.items())}, tmp_path / "again")
    for name in ("images.parquet", "joins.parquet"):
        assert (tmp_path / "images" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_real_files_join_and_what_vqa_and_the_lists_hold_out_is_found(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    of_2014 = tmp_path / "v2_OpenEnded_mscoco_val2014_questions.json"
    of_2014.write_bytes(shared_data("vqa/smallval_questions.json").read_bytes())  # 100 images of that part
    files = {
        "coco_captions": (shared_data("coco/annotations/captions_val2017.json"),),
        "vqa_questions": (of_2014, shared_data("vqa/sample60k_train_questions.json")),
        "gqa_questions": (shared_data("gqa/val_balanced_tail.json"),),
        "validation_images": (shared_data("coco/karpathy_val_images.txt"),),
        "test_images": (shared_data("coco/karpathy_test_images.txt"),),
    }
    table = _table(files, tmp_path / "images")
    captioned = {image["id"] for image in json.loads(files["coco_captions"][0].read_text())["images"]}
    asked = {question["image_id"] for question in json.loads(of_2014.read_text())["questions"]}
    karpathy = {
        int(line.split()[1])
        for name in ("validation_images", "test_images")
        for line in files[name][0].read_text().splitlines()
    }
    corpus = _corpus(tmp_path / "corpus", table, {f"coco:{n}#t": f"coco:{n}" for n in captioned})
    leaks.build(images=tmp_path / "images", corpora={"TokenCorpus": corpus}, into=tmp_path)
    told = {
        (leak["benchmark"], leak["split_by"], leak["split"]): leak
        for leak in json.loads((tmp_path / "leaks.json").read_text())["leaks"]
    }
    # What is trained on is what COCO's val2017 has beyond Karpathy's lists: 2014's images that he calls restval.
    trained = captioned - karpathy
    vqa = told["vqa", "publisher", "validation"]
    assert (vqa["part"], vqa["num_held_out_images"]) == ("val2014", 100)
    assert vqa["num_trained_rows"] == len(trained) == 5000 - 608 - 593
    assert vqa["num_images"] == vqa["num_rows"] == len(trained & asked) == 9
    assert vqa["known_by"] == {"own id": 9}
    for split in ("validation", "test"):
        assert told["lists", "here", split]["num_rows"] == told["lists", "publisher", split]["num_rows"] == 0
        # Of the captioned images 608 and 593, of VQA's 7 and 9, two of which are captioned here too.
        assert told["lists", "here", split]["num_held_out_images"] == {"validation": 613, "test": 602}[split]
        assert told["vqa", "here", split]["num_rows"] == 0
    splits = Counter(table.split[f"coco:{n}"] for n in captioned)
    assert splits["train"] == len(trained)
    strict = _table(files, tmp_path / "strict", "publishers")
    assert not {n for n in captioned & asked if strict.split[f"coco:{n}"] == "train"}
    assert {n for n in captioned if strict.split[f"coco:{n}"] == "train"} == trained - asked
