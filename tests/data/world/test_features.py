"""Legend: N regions of many scenes, F features."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from data.schema import FEATURE_SIZE, NUM_REGIONS
from data.world.detections import Described, describe_scenes
from data.world.features import describe, train_detector
from data.world.kinds import ATTRIBUTE_LABELS, KINDS, OBJECT_LABELS
from data.world.proposals import propose
from data.world.scenes import make_scene

SEED = 1
FIRST_HELD_OUT = 500


@pytest.fixture(scope="module")
def held_out() -> Described:
    return describe_scenes(range(FIRST_HELD_OUT, FIRST_HELD_OUT + 60), seed=SEED)


@pytest.fixture(scope="module", name="features_NF")
def held_out_features(held_out: Described) -> NDArray[np.float64]:
    seen = describe_scenes(range(80), seed=SEED)
    detector = train_detector(seen.descriptions_ND, seen.object_ids_N, seen.attribute_ids_N, seed=SEED)
    return detector.features(held_out.descriptions_ND).astype(np.float64)


def test_a_flat_crop_has_no_directions_and_its_own_colour() -> None:
    picture = Image.new("RGB", (40, 40), (10, 20, 30))
    description_RD = describe(picture, np.asarray([[5, 5, 25, 25]], dtype=np.float32))
    assert description_RD.tolist() == [[0] * 72 + [10] * 9 + [20] * 9 + [30] * 9]


def test_a_vertical_edge_points_to_one_side() -> None:
    picture = Image.new("RGB", (14, 14), (0, 0, 0))
    picture.paste((255, 255, 255), (7, 0, 14, 14))
    description_RD = describe(picture, np.asarray([[0, 0, 14, 14]], dtype=np.float32))
    by_direction = description_RD[0, :72].reshape(8, 9).sum(axis=1)
    assert np.flatnonzero(by_direction).tolist() == [1]  # x rises, y does not fall, |dx| > |dy|


def test_features_are_standard_and_within_float16(features_NF: NDArray[np.float64]) -> None:
    assert features_NF.shape == (60 * NUM_REGIONS, FEATURE_SIZE)
    assert abs(features_NF.mean()) < 0.1
    assert 0.8 < features_NF.std(axis=0).mean() < 1.2
    assert abs(features_NF).max() < 100


def test_few_directions_hold_most_of_the_variance(features_NF: NDArray[np.float64]) -> None:
    some_NF = features_NF[::3]
    centred_NF = some_NF - some_NF.mean(axis=0)
    share = np.linalg.svd(centred_NF, compute_uv=False) ** 2
    share /= share.sum()
    assert share[:32].sum() > 0.7
    assert share[:64].sum() > 0.8


def test_kinds_can_be_read_from_features(held_out: Described, features_NF: NDArray[np.float64]) -> None:
    things = np.concatenate([propose(make_scene(SEED, FIRST_HELD_OUT + i), SEED).things_R for i in range(60)])
    is_thing, half = things >= 0, len(things) // 2
    kinds_N = held_out.object_ids_N
    inputs_NF = np.concatenate([features_NF, np.ones((len(features_NF), 1))], axis=1)
    seen = np.flatnonzero(is_thing[:half])
    unseen = np.flatnonzero(is_thing[half:]) + half
    gram = inputs_NF[seen] @ inputs_NF[seen].T + 100.0 * np.eye(len(seen))
    weights = inputs_NF[seen].T @ np.linalg.solve(gram, np.eye(len(OBJECT_LABELS))[kinds_N[seen]])
    accuracy = ((inputs_NF[unseen] @ weights).argmax(axis=1) == kinds_N[unseen]).mean()
    assert accuracy > 0.6  # 30 scenes only, one label in twenty wrong; about 0.05 by chance


def test_proposals_are_sorted_sometimes_wrong_and_of_many_things() -> None:
    wrong = total = changes = 0
    for number in range(60):
        scene = make_scene(SEED, number)
        proposals = propose(scene, SEED)
        assert (np.diff(proposals.object_conf_R) <= 0).all()
        assert len(proposals.boxes_R4) == NUM_REGIONS
        for thing, label in zip(proposals.things_R, proposals.object_ids_R, strict=True):
            if thing >= 0:
                total += 1
                wrong += OBJECT_LABELS[label] != scene.things[thing].kind
        changes += int((np.diff(proposals.things_R) != 0).sum())
        counts = np.bincount(proposals.things_R[proposals.things_R >= 0])
        assert counts.min() >= 6
        assert counts.max() <= 10
    assert 0.02 < wrong / total < 0.09
    assert changes / (60 * (NUM_REGIONS - 1)) > 0.5


def test_labels_hold_kinds_and_attributes_once() -> None:
    assert len(set(OBJECT_LABELS)) == len(OBJECT_LABELS) == 28
    assert set(KINDS) < set(OBJECT_LABELS)
    assert len(set(ATTRIBUTE_LABELS)) == len(ATTRIBUTE_LABELS) == 12
