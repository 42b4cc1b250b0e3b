"""A pool of hard negatives that someone else searched: its order is kept, and only what is a negative here is taken."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from data import hard_negatives
from data.contracts import hard_negatives as contract
from data.errors import SourceError, UserError
from data.hard_negatives import HardNegativeSettings
from data.progress import silent

LEFT_OUT = "given neighbours left out: "


def pool_file(path: Path, pool: dict[int, list[int]]) -> Path:
    """As ViLBERT's script leaves it: the numbers of all images that are listed, and for each of them places there."""
    images = sorted({*pool, *(near for nearest in pool.values() for near in nearest)})
    width = max(map(len, pool.values())) + 1
    rows = [[image, *pool.get(image, [])] for image in images]  # the nearest of an image is itself
    places = [[images.index(near) for near in [*row, *row[:1] * width][:width]] for row in rows]
    path.write_bytes(pickle.dumps({"train_hard_pool": np.array(places, np.float64), "train_image_list": images}))
    return path


def build(small: Any, files: dict[str, tuple[Path, ...]], images: dict[str, Any], **changes: Any) -> Path:
    """The index for `images`, the keywords of `small.images`; all but those in `without_regions` have regions."""
    without = changes.pop("without_regions", ())
    place = changes.pop("place", None) or small.place()
    settings = HardNegativeSettings(**{"images_per_shard": 3, "num_negatives": 3, "pool": "given", **changes})
    into: Path = small.empty_folder("negatives")
    hard_negatives.build(
        images=small.images(**images),
        regions=small.regions([small.region_row(name) for name in sorted(images["splits"]) if name not in without]),
        given=files,
        settings=settings,
        into=into,
        progress=silent,
        workplace=place,
    )
    contract.check(into)
    return into


def named(folder: Path) -> dict[str, list[str]]:
    found = hard_negatives.load(folder)
    ids = found.image_ids.tolist()
    rows = zip(ids, found.neighbours_NK.tolist(), strict=True)
    return {image_id: [ids[near] for near in nearest if near >= 0] for image_id, nearest in rows}


def counts(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "counts.json").read_text())
    return found


def test_the_order_of_the_file_is_kept_and_no_score_is_known(small: Any, tmp_path: Path) -> None:
    path = pool_file(tmp_path / "coco.pkl", {1: [3, 2, 4], 2: [4, 1, 3], 3: [1, 4, 2], 4: [2, 3, 1]})
    images = {"splits": {f"coco:{number}": "train" for number in range(1, 6)}}
    into = build(small, {"coco_hard_negatives": (path,)}, images)
    assert named(into) == {
        "coco:1": ["coco:3", "coco:2", "coco:4"],
        "coco:2": ["coco:4", "coco:1", "coco:3"],
        "coco:3": ["coco:1", "coco:4", "coco:2"],
        "coco:4": ["coco:2", "coco:3", "coco:1"],
        "coco:5": [],
    }
    found = hard_negatives.load(into)
    assert found.pool == "given"
    assert not found.has_itself
    assert np.isnan(found.scores_NK).all()
    notes = counts(into)["notes"]
    assert counts(into)["read"] == 4
    assert counts(into)["rejected"] == {}
    assert notes["images that no file lists"] == 1
    assert notes["images without a neighbour"] == 1
    assert notes["training images that get a random image for want of a neighbour"] == 1
    assert "mean cosine of the nearest" not in notes


def test_what_must_not_be_a_negative_is_left_out_and_counted_by_its_reason(small: Any, tmp_path: Path) -> None:
    path = pool_file(tmp_path / "coco.pkl", {1: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]})
    splits = {f"coco:{number}": "train" for number in range(1, 12)}
    images = {
        "splits": splits | {"coco:2": "test"},
        "pool": {"coco:3": "vqa"},
        "group": {"coco:1": "g", "coco:4": "g"},
        "photo": {"coco:1": "77", "coco:5": "77"},
        # Image 6 is 9 under another name, image 8 is 1 itself.
        "known_as": {"coco:1": ["coco:1", "coco:8"], "coco:9": ["coco:9", "coco:6"]},
    }
    del images["splits"]["coco:8"], images["splits"]["coco:6"]
    files = {"coco_hard_negatives": (path,)}
    into = build(small, files, images, without_regions=("coco:7",), num_negatives=2, max_rejected_rate=1.0)
    assert named(into)["coco:1"] == ["coco:9", "coco:10"]
    notes = {name.removeprefix(LEFT_OUT): n for name, n in counts(into)["notes"].items() if name.startswith(LEFT_OUT)}
    # The images that have a row of their own list only themselves, which the reader takes off.
    assert notes == {
        "image not in the image table": 1,
        "image has no regions": 1,
        "the image itself": 1,
        "another split or pool": 2,
        "its group": 1,
        "its photograph": 1,
        "repeated": 1,
        "more than are kept": 1,
    }


def test_images_that_are_not_there_or_listed_again_are_rejected(small: Any, tmp_path: Path) -> None:
    first = pool_file(tmp_path / "first.pkl", {1: [2], 2: [3], 9: [1]})
    second = pool_file(tmp_path / "second.pkl", {1: [3], 2: [1], 4: [1]})
    images = {
        "splits": {f"coco:{number}": "train" for number in (1, 2, 3, 4)},
        "known_as": {"coco:4": ["coco:4", "coco:5"]},
    }
    files = {"coco_hard_negatives": (first, second)}
    into = build(small, files, images, without_regions=("coco:3",), max_rejected_rate=1.0)
    # Of the first file 3 and 9 are not there; of the second 1 and 2 are listed again, and 3 is still not there.
    assert named(into) == {"coco:1": ["coco:2"], "coco:2": [], "coco:4": ["coco:1"]}
    rejected = {"image has no regions": 2, "image not in the image table": 1, "repeated image": 2}
    assert counts(into)["rejected"] == rejected
    assert counts(into)["read"] == 8
    assert pq.read_table(into / "rejected.parquet")["record"].to_pylist() == [
        *("coco:3", "coco:9", "coco:1", "coco:2", "coco:3")
    ]
    with pytest.raises(SourceError, match=r"\[HardNegatives\] max_rejected_rate"):
        build(small, files, images, without_regions=("coco:3",))


def test_pools_of_several_collections_stand_side_by_side(small: Any, tmp_path: Path) -> None:
    coco = pool_file(tmp_path / "coco.pkl", {1: [2], 2: [1]})
    flickr30k = pool_file(tmp_path / "flickr30k.pkl", {1: [2], 2: [1]})
    flickr30k_ids = {"flickr30k:1": "flickr30k", "flickr30k:2": "flickr30k"}
    splits = dict.fromkeys(["coco:1", "coco:2", *flickr30k_ids], "train")
    files = {"coco_hard_negatives": (coco,), "flickr30k_hard_negatives": (flickr30k,)}
    assert named(build(small, files, {"splits": splits, "pool": flickr30k_ids})) == {
        "coco:1": ["coco:2"],
        "coco:2": ["coco:1"],
        "flickr30k:1": ["flickr30k:2"],
        "flickr30k:2": ["flickr30k:1"],
    }


def test_a_given_pool_without_files_says_what_to_set(small: Any) -> None:
    with pytest.raises(UserError, match="coco_hard_negatives, flickr30k_hard_negatives"):
        build(small, {}, {"splits": {"coco:1": "train"}})


@pytest.mark.parametrize(("num_workers", "images_per_shard"), [(1, 2), (2, 7)])
def test_neither_workers_nor_shards_change_a_byte(
    num_workers: int, images_per_shard: int, small: Any, tmp_path: Path
) -> None:
    generator = np.random.default_rng(3)
    numbers = range(1, 21)
    pool = {number: [int(near) for near in generator.permutation(numbers)[:6] if near != number] for number in numbers}
    files = {"coco_hard_negatives": (pool_file(tmp_path / "coco.pkl", pool),)}
    images = {"splits": {f"coco:{number}": ("train", "test")[number % 5 == 0] for number in numbers}}
    once = build(small, files, images)
    again = build(small, files, images, images_per_shard=images_per_shard, place=small.place(num_workers))
    for name in ("hard_negatives.h5", "counts.json", "rejected.parquet"):
        assert (once / name).read_bytes() == (again / name).read_bytes()
