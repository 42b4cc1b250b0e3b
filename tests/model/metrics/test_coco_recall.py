from __future__ import annotations

import numpy as np
import pytest

from model.benchmarks import Ranked
from model.metrics import coco_recall, recall
from model.metrics.coco_recall import chance, folds, recalls

GROUPS = ["image_retrieval", "text_retrieval", "total"]


@pytest.fixture
def three_folds_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six images are then what 5,000 are."""
    monkeypatch.setattr(coco_recall, "FOLD_IMAGES", 2)
    monkeypatch.setattr(coco_recall, "NUM_FOLDS", 3)


def one_text_each(scores: list[list[float]]) -> Ranked:
    return Ranked(scores_TI=np.array(scores, np.float32), image_of_text_T=np.arange(len(scores)))


SIX = one_text_each(
    [
        [5, 0, 9, 0, 0, 0],  # first in its fold, second of all
        [7, 6, 0, 0, 0, 0],  # second in its fold
        [0, 0, 4, 3, 0, 0],
        [0, 0, 0, 8, 0, 0],
        [0, 0, 0, 0, 2, 1],
        [0, 0, 0, 0, 0, 3],
    ]
)


def test_with_fewer_than_five_thousand_images_all_of_them_are_ranked_and_there_are_no_folds() -> None:
    found = recalls(SIX)
    assert list(found) == list(chance(SIX)) == GROUPS
    assert found["image_retrieval"]["R@1"] == pytest.approx(100 * 4 / 6)  # not texts 0 and 1
    # Of the columns' own texts: 5 behind 7; 6; 4 behind 9; 8; 2; 3.
    assert found["text_retrieval"]["R@1"] == pytest.approx(100 * 4 / 6)
    assert found["total"] == {"rsum": pytest.approx(2 * 100 * 4 / 6 + 4 * 100)}


@pytest.mark.usefixtures("three_folds_of_two")
def test_a_fold_is_some_consecutive_images_with_their_texts_and_its_recalls_are_averaged() -> None:
    assert [fold.scores_TI.tolist() for fold in folds(SIX)] == [[[5, 0], [7, 6]], [[4, 3], [0, 8]], [[2, 1], [0, 3]]]
    found = recalls(SIX)
    assert list(found) == list(chance(SIX)) == [*GROUPS, *(f"{group}_1K" for group in GROUPS)]
    assert found["image_retrieval_1K"]["R@1"] == pytest.approx(100 * (1 / 2 + 1 + 1) / 3)
    assert found["text_retrieval_1K"]["R@1"] == pytest.approx(100 * (1 / 2 + 1 + 1) / 3)
    assert found["total_1K"]["rsum"] == pytest.approx(2 * 100 * 2.5 / 3 + 4 * 100)
    assert found["image_retrieval"] == recalls(SIX)["image_retrieval"]
    assert chance(SIX)["image_retrieval_1K"]["R@1"] == pytest.approx(50.0)
    assert chance(SIX)["image_retrieval"]["R@1"] == pytest.approx(100 / 6)


@pytest.mark.usefixtures("three_folds_of_two")
def test_texts_may_come_in_any_order_and_images_beyond_the_last_fold_are_in_none() -> None:
    image_of_text_T = np.array([6, 1, 0, 3, 1, 2, 4, 5])
    scores_TI = np.arange(8 * 7, dtype=np.float32).reshape(8, 7)
    first, second, third = folds(Ranked(scores_TI=scores_TI, image_of_text_T=image_of_text_T))
    assert first.image_of_text_T.tolist() == [1, 0, 1]
    assert first.scores_TI.tolist() == [[7, 8], [14, 15], [28, 29]]
    assert second.image_of_text_T.tolist() == [1, 0]
    assert third.scores_TI.tolist() == [[46, 47], [53, 54]]


def test_recalls_do_not_depend_on_how_many_texts_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scores_TI = np.random.default_rng(1).integers(0, 9, (40, 8)).astype(np.float32)  # with many ties
    scores_TI[3, 2] = np.nan
    ranked = Ranked(scores_TI=scores_TI, image_of_text_T=np.arange(40) % 8)
    at_once = recall.recalls(ranked)
    monkeypatch.setattr(recall, "_TEXTS_AT_ONCE", 7)
    assert recall.recalls(ranked) == at_once
