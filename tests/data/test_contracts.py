from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.contracts import corpora as corpora_contract
from data.contracts import hard_negatives as hard_negatives_contract
from data.contracts import images as images_contract
from data.contracts import regions as regions_contract
from data.errors import ContractError
from data.schema import CORPUS
from data.writers import write_parquet
from tests.parts import only_part

# [PAD] [UNK] [CLS] [SEP] [MASK] are 0 to 4, dog 5, red 6.
GOOD = {
    "row_id": "coco:1#t",
    "image_id": "coco:1",
    "split": "train",
    "text": "red dog",
    "token_ids": [2, 6, 5, 3],
    "topic_ids": [5],
    "source_ids": ["coco:1"],
}


@pytest.fixture
def folders(small: Any) -> dict[str, Path]:
    return {
        "images": small.images({"coco:1": "train", "coco:2": "test", "coco:3": "train"}),
        "regions": small.regions([small.region_row("coco:1", [0]), small.region_row("coco:2", [0])], ["dog"]),
        "vocabulary": small.vocabulary(["dog", "red"]),
    }


def _check(small: Any, folders: dict[str, Path], rows: list[dict[str, Any]]) -> None:
    into = small.folder("corpus")
    write_parquet(only_part(into, "corpus"), pa.Table.from_pylist(rows, schema=CORPUS), CORPUS)
    corpora_contract.check(into, **folders, max_length=6)


def test_a_good_corpus_passes(small: Any, folders: dict[str, Path]) -> None:
    other = {**GOOD, "row_id": "coco:2#t", "image_id": "coco:2", "split": "test", "topic_ids": []}
    _check(small, folders, [GOOD, other])
    _check(small, folders, [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"token_ids": [6, 5, 3]}, r"from \[CLS\] to \[SEP\]"),
        ({"token_ids": [2, 6, 5]}, r"from \[CLS\] to \[SEP\]"),
        ({"token_ids": []}, r"from \[CLS\] to \[SEP\]"),
        ({"token_ids": [2, 3], "topic_ids": []}, "3 to 6 token_ids; found 2"),
        ({"token_ids": [2, 5, 5, 5, 5, 5, 3]}, "3 to 6 token_ids; found 7"),
        ({"token_ids": [2, 5, 7, 3]}, "word pieces below 7"),
        ({"token_ids": [2, 5, -1, 3]}, "word pieces below 7"),
        ({"token_ids": [2, 5, 4, 3]}, "no specials"),
        ({"topic_ids": [6, 5]}, "ascending"),
        ({"topic_ids": [5, 5]}, "distinct"),
        ({"topic_ids": [1]}, "among the token_ids"),
        ({"text": " "}, "no empty text"),
        ({"split": "test"}, "the image's split, train; found test"),
        ({"image_id": "coco:3"}, "an image of the region store; found coco:3"),
        ({"image_id": "coco:9"}, "an image of the region store; found coco:9"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named(
    small: Any, folders: dict[str, Path], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ContractError, match=message) as caught:
        _check(small, folders, [{**GOOD, **change}])
    assert "part-00000.parquet, coco:1#t" in caught.value.where


def test_rows_out_of_order_or_repeated_are_refused(small: Any, folders: dict[str, Path]) -> None:
    with pytest.raises(ContractError, match="sorted"):
        _check(small, folders, [{**GOOD, "row_id": "b"}, {**GOOD, "row_id": "a"}])
    with pytest.raises(ContractError, match="sorted"):
        _check(small, folders, [GOOD, GOOD])
    other = {**GOOD, "image_id": "coco:2", "split": "test"}
    with pytest.raises(ContractError, match="do not repeat"):
        _check(small, folders, [GOOD, other])


def test_other_columns_or_types_and_missing_values_are_refused(small: Any, folders: dict[str, Path]) -> None:
    folder = small.folder("corpus")
    path = only_part(folder, "corpus")
    table = pa.Table.from_pylist([GOOD], schema=CORPUS)
    for wrong in (
        table.drop_columns(["source_ids"]),
        table.select(CORPUS.names[::-1]),
        table.set_column(4, "token_ids", table["token_ids"].cast(pa.list_(pa.int64()))),
    ):
        pq.write_table(wrong, path)
        with pytest.raises(ContractError, match="columns row_id: string"):
            corpora_contract.check(folder, **folders, max_length=6)
    nullable = pa.schema([field.with_nullable(True) for field in CORPUS])
    pq.write_table(pa.Table.from_pylist([{**GOOD, "text": None}], schema=nullable), path)
    with pytest.raises(ContractError, match="no missing text"):
        corpora_contract.check(folder, **folders, max_length=6)


def test_images_must_be_known_by_one_name_and_groups_lie_in_one_split(small: Any) -> None:
    images_contract.check(small.images({"coco:1": "train", "coco:2": "test"}))
    with pytest.raises(ContractError, match="the group g in one split"):
        images_contract.check(small.images({"coco:1": "train", "coco:2": "test"}, group={"coco:1": "g", "coco:2": "g"}))
    known_as = {"coco:1": ["coco:1", "vg:5"], "coco:2": ["coco:2", "vg:5"]}
    with pytest.raises(ContractError, match=r"each id to mean one image.*vg:5"):
        images_contract.check(small.images({"coco:1": "train", "coco:2": "train"}, known_as=known_as))
    with pytest.raises(ContractError, match="the image's own id"):
        images_contract.check(small.images({"coco:1": "train"}, known_as={"coco:1": ["vg:5"]}))
    with pytest.raises(ContractError, match="a split of train, validation, test; found dev"):
        images_contract.check(small.images({"coco:1": "dev"}))


def test_an_image_has_a_pool_and_a_size_that_is_possible_or_unknown(small: Any) -> None:
    images_contract.check(small.images({"coco:1": "train"}, pool={"coco:1": "vqa"}, size_px=(None, None)))
    with pytest.raises(ContractError, match="the name of a pool"):
        images_contract.check(small.images({"coco:1": "train"}, pool={"coco:1": ""}))
    for size_px in ((0, 5), (5, None), (None, 5), (5, -1)):
        with pytest.raises(ContractError, match="width and height above 0, or neither"):
            images_contract.check(small.images({"coco:1": "train"}, size_px=size_px))


def test_a_corpus_with_an_image_of_a_benchmark_is_refused(small: Any, folders: dict[str, Path]) -> None:
    splits = {"coco:1": "train", "coco:2": "test", "coco:3": "train"}
    folders["images"] = small.images(splits, pool={"coco:1": "vqa"})
    with pytest.raises(ContractError, match="no image that a benchmark alone lists; found vqa"):
        _check(small, folders, [GOOD])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("features_RF", np.nan, "finite features"),
        ("features_RF", np.inf, "finite features"),
        ("boxes_R4", np.nan, "boxes"),
        ("boxes_R4", 1.5, "boxes"),
        ("boxes_R4", -0.1, "boxes"),
        ("object_ids_R", 1, "object_ids from -1 to 0"),
        ("object_ids_R", -2, "object_ids from -1 to 0"),
        ("attribute_ids_R", 0, "attribute_ids from -1 to -1"),
        ("object_conf_R", 1.5, "object_conf"),
        ("attribute_conf_R", np.nan, "attribute_conf"),
    ],
)
def test_regions_out_of_range_are_refused_with_their_image(small: Any, field: str, value: float, message: str) -> None:
    row = small.region_row("coco:2", [0])
    values = getattr(row, field).copy()
    values[-1] = value
    rows = [small.region_row("coco:1", [0]), replace(row, **{field: values})]
    with pytest.raises(ContractError, match=message) as caught:
        regions_contract.check(small.regions(rows, ["dog"]), images_per_shard=2)
    assert caught.value.where.endswith("regions.h5, coco:2")


def test_a_good_region_store_passes_and_boxes_in_the_wrong_order_do_not(small: Any) -> None:
    good = small.region_row("coco:1", [0])
    regions_contract.check(small.regions([good], ["dog"]), images_per_shard=1)
    swapped = small.regions([replace(good, boxes_R4=good.boxes_R4[:, ::-1])], ["dog"])
    with pytest.raises(ContractError, match="x1 <= x2"):
        regions_contract.check(swapped, images_per_shard=1)


def test_a_region_store_whose_bytes_are_no_longer_those_that_were_written_is_refused(small: Any) -> None:
    folder = small.regions([small.region_row(f"coco:{number}", [0]) for number in (1, 2, 3)], ["dog"])
    regions_contract.check(folder, images_per_shard=3, num_threads=2)
    with pytest.raises(ContractError, match="2 shards; found 1"):
        regions_contract.check(folder, images_per_shard=2)
    with h5py.File(folder / "regions.h5", "r+") as file:
        file["features"][1, 35, 2047] = 0.5  # a good number, but another one
    with pytest.raises(ContractError, match="the rows 0 to 2 as they were written"):
        regions_contract.check(folder, images_per_shard=3)


def _write_negatives(
    folder: Path, neighbours: list[list[int]], scores: list[list[float]], *, pool: str = "cosine"
) -> Path:
    with h5py.File(folder / "hard_negatives.h5", "w") as file:
        file["image_ids"] = np.array([b"coco:1", b"coco:2", b"coco:3"], "S64")
        file["neighbours"] = np.array(neighbours, np.int32)
        file["scores"] = np.array(scores)
        file["pool"] = np.array(pool, "S16")
    return folder


@pytest.mark.parametrize(
    ("first", "scores", "message"),
    [
        ([0, 1], [1.0, 0.5], "its own neighbour"),
        ([3, 1], [1.0, 0.5], "from -1 to 2"),
        ([1, 1], [0.5, 0.5], "by falling score|twice"),
        ([1, 2], [0.4, 0.5], "by falling score"),
        ([2, 1], [0.5, 0.5], "ties by image id"),
        ([-1, 1], [0.0, 0.0], "-1 last"),
        ([1, 2], [1.5, 0.5], "cosines"),
    ],
)
def test_neighbours_that_break_a_rule_are_refused_with_their_image(
    tmp_path: Path, first: list[int], scores: list[float], message: str
) -> None:
    good = [[1, 2], [0, 2], [1, -1]]
    hard_negatives_contract.check(_write_negatives(tmp_path, good, [[0.9, 0.5], [0.5, 0.5], [0.5, 0.0]]))
    with pytest.raises(ContractError, match=message) as caught:
        hard_negatives_contract.check(_write_negatives(tmp_path, [first, *good[1:]], [scores, [0.5, 0.5], [0.5, 0.0]]))
    assert caught.value.where.endswith("coco:1")


@pytest.mark.parametrize(
    ("first", "scores", "message"),
    [
        ([1, 0], [0.0, -0.5], "each image first"),
        ([0, 0], [0.0, -0.5], "its own neighbour"),
        ([0, 1], [0.0, 0.5], "distances with a minus"),
        ([0, 1], [0.0, -np.inf], "distances with a minus"),
    ],
)
def test_in_vilberts_pool_each_image_is_first_and_the_others_are_not_it(
    tmp_path: Path, first: list[int], scores: list[float], message: str
) -> None:
    good, distances = [[0, 1], [1, 0], [2, -1]], [[0.0, -2.0], [0.0, -2.0], [0.0, 0.0]]
    hard_negatives_contract.check(_write_negatives(tmp_path, good, distances, pool="vilbert"))
    with pytest.raises(ContractError, match=message) as caught:
        hard_negatives_contract.check(
            _write_negatives(tmp_path, [first, *good[1:]], [scores, *distances[1:]], pool="vilbert")
        )
    assert caught.value.where.endswith("coco:1")


@pytest.mark.parametrize(
    ("first", "score", "message"),
    [([0, 1], np.nan, "its own"), ([1, 1], np.nan, "twice"), ([-1, 1], np.nan, "-1 last"), ([2, 1], 0.5, "not known")],
)
def test_in_a_given_pool_any_order_is_good_and_no_score_is_known(
    tmp_path: Path, first: list[int], score: float, message: str
) -> None:
    unknown = [[np.nan] * 2] * 2
    others = [[2, 0], [1, -1]]
    hard_negatives_contract.check(_write_negatives(tmp_path, [[2, 1], *others], [[np.nan] * 2, *unknown], pool="given"))
    with pytest.raises(ContractError, match=message):
        hard_negatives_contract.check(
            _write_negatives(tmp_path, [first, *others], [[score] * 2, *unknown], pool="given")
        )
