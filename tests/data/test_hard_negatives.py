from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from data import hard_negatives
from data.contracts import hard_negatives as hard_negatives_contract
from data.errors import UserError
from data.hard_negatives import HardNegatives, HardNegativeSettings
from data.negative_pools import Pool
from data.progress import silent
from data.schema import CORPUS
from data.shards import Workplace
from data.writers import write_parquet


def _build(
    small: Any,
    directions: dict[str, list[float]],
    splits: dict[str, str],
    num_negatives: int,
    *,
    pool: Pool = "cosine",
    captions: Path | None = None,
    images_per_shard: int = 3,
    workplace: Workplace | None = None,
    group: dict[str, str] | None = None,
    photo: dict[str, str] | None = None,
    pool_of: dict[str, str] | None = None,
) -> Path:
    rows = [small.region_row(image_id, [], direction) for image_id, direction in directions.items()]
    into: Path = small.empty_folder("negatives")
    hard_negatives.build(
        images=small.images(splits, group=group or {}, photo=photo or {}, pool=pool_of or {}),
        regions=small.regions(rows),
        captions=captions,
        settings=HardNegativeSettings(num_negatives=num_negatives, images_per_shard=images_per_shard, pool=pool),
        into=into,
        progress=silent,
        workplace=workplace or small.place(),
    )
    hard_negatives_contract.check(into)
    return into


def _captions(small: Any, texts: dict[str, list[str]]) -> Path:
    """A sentence corpus of two parts."""
    into: Path = small.folder("captions")
    (into / "corpus").mkdir()
    for number, image_ids in enumerate((sorted(texts)[:2], sorted(texts)[2:])):
        pairs = [(image_id, text) for image_id in image_ids for text in texts[image_id]]
        rows = [
            {"row_id": f"{n}", "image_id": image_id, "split": "train", "text": text, "token_ids": [], "topic_ids": []}
            for n, (image_id, text) in enumerate(pairs)
        ]
        table = pa.Table.from_pylist([{**row, "source_ids": []} for row in rows], schema=CORPUS)
        write_parquet(into / "corpus" / f"part-0000{number}.parquet", table, CORPUS)
    return into


def _named(found: HardNegatives) -> dict[str, list[str]]:
    ids = found.image_ids.tolist()
    rows = zip(ids, found.neighbours_NK.tolist(), strict=True)
    return {image_id: [ids[n] if n >= 0 else "-" for n in neighbours] for image_id, neighbours in rows}


def test_four_images_are_ranked_by_the_angle_between_their_mean_features(small: Any) -> None:
    # Angles 0, 10, 40 and 90 degrees; a length of 1 to 4 must not matter.
    angles = {"coco:a": 0, "coco:b": 10, "coco:c": 40, "coco:d": 90}
    directions = {
        image_id: [length * math.cos(math.radians(angle)), length * math.sin(math.radians(angle))]
        for length, (image_id, angle) in enumerate(angles.items(), start=1)
    }
    found = hard_negatives.load(_build(small, directions, dict.fromkeys(angles, "train"), 3))
    assert _named(found) == {
        "coco:a": ["coco:b", "coco:c", "coco:d"],
        "coco:b": ["coco:a", "coco:c", "coco:d"],
        "coco:c": ["coco:b", "coco:a", "coco:d"],
        "coco:d": ["coco:c", "coco:b", "coco:a"],
    }
    cosines = [math.cos(math.radians(angle)) for angle in (10, 40, 90)]
    assert found.scores_NK[0].tolist() == pytest.approx(cosines, abs=1e-3)  # the store keeps features as float16


def test_only_images_of_the_same_split_and_of_another_group_are_neighbours(small: Any) -> None:
    splits = {"coco:a": "train", "coco:b": "train", "coco:c": "train", "coco:d": "test", "coco:e": "validation"}
    directions = {image_id: [1.0, 0.1 * number] for number, image_id in enumerate(splits)}
    into = _build(small, directions, splits, 2, group={"coco:a": "pair", "coco:b": "pair"})
    assert _named(hard_negatives.load(into)) == {
        "coco:a": ["coco:c", "-"],
        "coco:b": ["coco:c", "-"],
        "coco:c": ["coco:b", "coco:a"],
        "coco:d": ["-", "-"],
        "coco:e": ["-", "-"],
    }
    notes = json.loads((into / "counts.json").read_text())["notes"]
    assert notes["images with fewer neighbours than asked for"] == 4
    assert notes["images without a neighbour"] == 2


def test_neighbours_are_of_the_same_pool(small: Any) -> None:
    directions = {f"coco:{name}": [1.0, 0.1 * number] for number, name in enumerate("abcd")}
    pool = {"coco:b": "vqa", "coco:d": "vqa"}
    into = _build(small, directions, dict.fromkeys(directions, "train"), 2, pool_of=pool)
    assert _named(hard_negatives.load(into)) == {
        "coco:a": ["coco:c", "-"],
        "coco:b": ["coco:d", "-"],
        "coco:c": ["coco:a", "-"],
        "coco:d": ["coco:b", "-"],
    }


def test_ties_are_in_the_order_of_ids_and_a_feature_of_zero_has_cosine_zero(small: Any) -> None:
    directions = {"coco:d": [2.0], "coco:b": [1.0], "coco:a": [1.0], "coco:c": [0.0], "coco:e": [-1.0]}
    found = hard_negatives.load(_build(small, directions, dict.fromkeys(directions, "train"), 3))
    assert _named(found)["coco:b"] == ["coco:a", "coco:d", "coco:c"]
    assert found.scores_NK[1].tolist() == [1.0, 1.0, 0.0]
    assert _named(found)["coco:c"] == ["coco:a", "coco:b", "coco:d"]


def test_the_same_photograph_under_another_id_is_no_neighbour(small: Any) -> None:
    directions = {f"coco:{name}": [1.0, 0.1 * number] for number, name in enumerate("abc")}
    into = _build(small, directions, dict.fromkeys(directions, "train"), 2, photo={"coco:a": "77", "coco:c": "77"})
    assert _named(hard_negatives.load(into)) == {
        "coco:a": ["coco:b", "-"],
        "coco:b": ["coco:c", "coco:a"],
        "coco:c": ["coco:b", "-"],
    }


def test_cosines_are_those_of_double_precision(small: Any) -> None:
    generator = np.random.default_rng(0)
    directions = {f"coco:{n:02}": generator.normal(size=16).tolist() for n in range(40)}
    found = hard_negatives.load(_build(small, directions, dict.fromkeys(directions, "train"), 5))
    features_ND = np.array(list(directions.values())).astype(np.float16).astype(np.float64)
    units_ND = features_ND / np.linalg.norm(features_ND, axis=1, keepdims=True)
    cosine_NN = units_ND @ units_ND.T
    np.fill_diagonal(cosine_NN, -2)
    expected_NK = np.argsort(-cosine_NN, axis=1)[:, :5]
    assert (found.neighbours_NK == expected_NK).all()
    np.testing.assert_allclose(found.scores_NK, np.take_along_axis(cosine_NN, expected_NK, axis=1), atol=1e-7)


def test_vilberts_pool_has_each_image_first_and_then_the_nearest_by_distance_duplicates_and_all(small: Any) -> None:
    # All 36 regions are alike, so the mean is the direction: 0, 1, 3 and 3 on a line, d a copy of c in its group.
    directions = {"coco:a": [0.0], "coco:b": [1.0], "coco:c": [3.0], "coco:d": [3.0], "coco:e": [9.0]}
    splits = {**dict.fromkeys(directions, "train"), "coco:e": "test"}
    group = {"coco:c": "pair", "coco:d": "pair"}
    into = _build(small, directions, splits, 4, pool="vilbert", group=group)
    found = hard_negatives.load(into)
    assert found.pool == "vilbert"
    assert _named(found) == {
        "coco:a": ["coco:a", "coco:b", "coco:c", "coco:d"],
        "coco:b": ["coco:b", "coco:a", "coco:c", "coco:d"],
        "coco:c": ["coco:c", "coco:d", "coco:b", "coco:a"],
        "coco:d": ["coco:d", "coco:c", "coco:b", "coco:a"],
        "coco:e": ["coco:e", "-", "-", "-"],
    }
    assert found.scores_NK[:3].tolist() == [[0, -1, -3, -3], [0, -1, -2, -2], [0, 0, -2, -3]]
    notes = json.loads((into / "counts.json").read_text())["notes"]
    assert notes["images without a neighbour"] == 1
    assert notes["mean distance of the nearest"] == 0.5  # of 1, 1, 0 and 0


def test_images_are_alike_whose_captions_use_the_same_rare_words(small: Any) -> None:
    texts = {
        "coco:a": ["Zebra near the tree", "zebra"],
        "coco:b": ["the zebra, running"],
        "coco:c": ["a tree near the road"],
        "coco:d": ["a road, the tree"],
    }
    corpus = _captions(small, {**texts, "coco:e": []})
    directions = {image_id: [1.0] for image_id in [*texts, "coco:e"]}
    into = _build(small, directions, dict.fromkeys(directions, "train"), 3, pool="captions", captions=corpus)
    found = hard_negatives.load(into)
    assert _named(found)["coco:a"] == ["coco:b", "coco:c", "coco:d"]
    assert _named(found)["coco:d"] == ["coco:c", "coco:a", "coco:b"]
    assert _named(found)["coco:e"] == ["coco:a", "coco:b", "coco:c"]  # it has no caption: nothing is like it
    assert found.scores_NK[4].tolist() == [0, 0, 0]
    # Of four captioned images all say "the", three "tree", two each of "a", "near" and "road".
    the, tree, road = (math.log((1 + 4) / (1 + m)) + 1 for m in (4, 3, 2))
    a = near = road
    length = {"c": math.hypot(a, tree, near, the, road), "d": math.hypot(a, road, the, tree)}
    expected = (a**2 + tree**2 + the**2 + road**2) / length["c"] / length["d"]
    assert found.scores_NK[3, 0] == pytest.approx(expected, abs=1e-5)
    notes = json.loads((into / "counts.json").read_text())["notes"]
    assert notes["images of which nothing is known to compare them by"] == 1


def test_a_pool_of_captions_without_captions_says_what_to_set(small: Any) -> None:
    with pytest.raises(UserError, match="set a source of captions"):
        _build(small, {"coco:a": [1.0]}, {"coco:a": "train"}, 3, pool="captions")


def test_images_that_training_gives_a_random_partner_are_counted(small: Any) -> None:
    splits = {"coco:a": "train", "coco:b": "test", "coco:c": "train"}
    directions = {image_id: [1.0] for image_id in splits}
    into = _build(small, directions, splits, 2, group={"coco:a": "pair", "coco:c": "pair"})
    notes = json.loads((into / "counts.json").read_text())["notes"]
    assert notes["images without a neighbour"] == 3
    assert notes["training images that get a random image for want of a neighbour"] == 2
    assert notes["mean cosine of the nearest"] is None


@pytest.mark.parametrize(("num_workers", "images_per_shard"), [(1, 2), (2, 7), (2, 50)])
def test_neither_workers_nor_shards_change_a_byte(small: Any, num_workers: int, images_per_shard: int) -> None:
    generator = np.random.default_rng(5)
    directions = {f"coco:{n}": generator.integers(0, 3, 4).tolist() for n in range(40)}
    splits = {image_id: ("train", "test")[n % 3 == 0] for n, image_id in enumerate(directions)}
    pool = {f"coco:{n}": "vqa" for n in range(0, 40, 4)}
    expected = (_build(small, directions, splits, 9, pool_of=pool) / "hard_negatives.h5").read_bytes()
    place = small.place(num_workers)
    into = _build(small, directions, splits, 9, pool_of=pool, images_per_shard=images_per_shard, workplace=place)
    assert (into / "hard_negatives.h5").read_bytes() == expected


def test_equal_input_gives_equal_bytes(small: Any) -> None:
    directions = {f"coco:{n}": [1.0, n / 10] for n in range(5)}
    splits = dict.fromkeys(directions, "train")
    first = (_build(small, directions, splits, 3) / "hard_negatives.h5").read_bytes()
    in_reverse = dict(reversed(directions.items()))
    assert (_build(small, in_reverse, splits, 3) / "hard_negatives.h5").read_bytes() == first


def test_a_gpu_that_is_asked_for_and_not_there_is_said_from_the_worker(small: Any) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UserError, match="search_on = cpu"):
        hard_negatives.build(
            images=small.images({"coco:a": "train"}),
            regions=small.regions([small.region_row("coco:a")]),
            settings=HardNegativeSettings(images_per_shard=3),
            search_on="gpu",
            into=small.empty_folder("negatives"),
            progress=silent,
            workplace=small.place(),
        )
