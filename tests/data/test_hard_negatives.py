from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data import hard_negatives
from data.contracts import hard_negatives as hard_negatives_contract
from data.hard_negatives import HardNegatives, HardNegativeSettings
from data.progress import silent
from data.shards import Workplace


def _build(
    small: Any, directions: dict[str, list[float]], splits: dict[str, str], num_negatives: int, **images: Any
) -> Path:
    rows = [small.region_row(image_id, [], direction) for image_id, direction in directions.items()]
    into: Path = small.folder("negatives")
    hard_negatives.build(
        images=small.images(splits, **images),
        regions=small.regions(rows),
        settings=HardNegativeSettings(num_negatives=num_negatives, images_per_shard=3),
        into=into,
        progress=silent,
        workplace=Workplace(scratch=small.folder("scratch")),
    )
    hard_negatives_contract.check(into)
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
    into = _build(small, directions, dict.fromkeys(directions, "train"), 2, pool=pool)
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


def test_blocked_search_finds_what_a_full_sort_in_double_precision_finds(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hard_negatives, "_BLOCK", 7)
    generator = np.random.default_rng(0)
    # Half of the images are near copies: more candidates within rounding of one another than are kept.
    base_4D = generator.normal(size=(4, 16))
    directions = {
        f"coco:{n:02}": (base_4D[n % 4] + (n % 2) * 1e-3 * generator.normal(size=16)).tolist() for n in range(40)
    }
    into = _build(small, directions, dict.fromkeys(directions, "train"), 5)
    found = hard_negatives.load(into)
    features_ND = np.array(list(directions.values())).astype(np.float16).astype(np.float64)
    units_ND = (features_ND / np.linalg.norm(features_ND, axis=1, keepdims=True)).astype(np.float32).astype(np.float64)
    cosine_NN = (units_ND[:, None] * units_ND[None]).sum(axis=2).astype(np.float32)
    np.fill_diagonal(cosine_NN, -2)
    expected_NK = np.argsort(-cosine_NN, axis=1, kind="stable")[:, :5]
    np.testing.assert_allclose(found.scores_NK, np.take_along_axis(cosine_NN, expected_NK, axis=1), atol=1e-7)
    assert (found.neighbours_NK == expected_NK).mean() > 0.9  # the last bit of a near tie may round another way


def test_equal_input_gives_equal_bytes(small: Any) -> None:
    directions = {f"coco:{n}": [1.0, n / 10] for n in range(5)}
    splits = dict.fromkeys(directions, "train")
    first = (_build(small, directions, splits, 3) / "hard_negatives.h5").read_bytes()
    in_reverse = dict(reversed(directions.items()))
    assert (_build(small, in_reverse, splits, 3) / "hard_negatives.h5").read_bytes() == first
