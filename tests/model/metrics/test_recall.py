from __future__ import annotations

import numpy as np
import pytest

from model.benchmarks import Ranked
from model.metrics.recall import chance, one_caption, recalls

GROUPS = ["image_retrieval", "text_retrieval", "text_retrieval_one_caption"]


def ranked(scores: list[list[float]], image_of_text: list[int]) -> Ranked:
    return Ranked(scores_TI=np.array(scores, np.float32), image_of_text_T=np.array(image_of_text))


def test_recalls_of_three_images_by_hand() -> None:
    # Four texts of the images 0, 0, 1, 2. Ranks of the own image: 0, 1, 0, 2 (image 2 scores lowest with its text).
    found = recalls(ranked([[9, 1, 2], [3, 5, 1], [0, 7, 4], [6, 5, 2]], [0, 0, 1, 2]))
    assert list(found) == GROUPS
    assert found["image_retrieval"] == {"R@1": 50.0, "R@5": 100.0, "R@10": 100.0}
    # Best own text against the others: image 0: 9 first; image 1: 7 first; image 2: 2, behind 4 and (a tie) 2.
    assert found["text_retrieval"]["R@1"] == pytest.approx(100 * 2 / 3)


def test_with_one_caption_only_the_first_of_each_image_is_a_candidate() -> None:
    # Texts of the images 1, 0, 1, 0; the second text of image 1 would win everywhere, and that of image 0 is unfound.
    scores = [[1.0, 2.0], [3.0, 1.0], [8.0, 8.0], [0.0, 0.0]]
    one = one_caption(ranked(scores, [1, 0, 1, 0]))
    assert one.scores_TI.tolist() == [[1, 2], [3, 1]]
    assert one.image_of_text_T.tolist() == [1, 0]
    found = recalls(ranked(scores, [1, 0, 1, 0]))
    assert found["text_retrieval"]["R@1"] == 50.0  # image 1 by its second text, which takes image 0's first place too
    assert found["text_retrieval_one_caption"]["R@1"] == 100.0


def test_a_model_that_scores_all_pairs_alike_finds_nothing() -> None:
    found = recalls(Ranked(scores_TI=np.zeros((24, 12), np.float32), image_of_text_T=np.repeat(np.arange(12), 2)))
    assert {recall for group in found.values() for recall in group.values()} == {0.0}


def test_scores_that_are_no_numbers_find_nothing() -> None:
    nothing = recalls(Ranked(scores_TI=np.full((12, 12), np.nan, np.float32), image_of_text_T=np.arange(12)))
    assert {recall for group in nothing.values() for recall in group.values()} == {0.0}
    # The score of text 0 with its own image is none, so neither finds the other; text 1 and its image do.
    one = recalls(ranked([[np.nan, 1], [0, 3]], [0, 1]))
    assert one["image_retrieval"]["R@1"] == one["text_retrieval"]["R@1"] == 50.0


def test_chance_by_hand() -> None:
    # Twenty images of two texts each: one image of twenty; of forty texts, one of two in the first draw.
    pairs = Ranked(scores_TI=np.zeros((40, 20), np.float32), image_of_text_T=np.repeat(np.arange(20), 2))
    found = chance(pairs)
    assert list(found) == GROUPS
    assert found["image_retrieval"] == pytest.approx({"R@1": 5.0, "R@5": 25.0, "R@10": 50.0})
    assert found["text_retrieval"]["R@1"] == pytest.approx(5.0)
    assert found["text_retrieval"]["R@5"] == pytest.approx(100 * (1 - (35 * 34) / (40 * 39)))
    assert found["text_retrieval_one_caption"] == pytest.approx({"R@1": 5.0, "R@5": 25.0, "R@10": 50.0})


def test_chance_agrees_with_the_mean_over_random_orders() -> None:
    generator = np.random.default_rng(1)
    image_of_text_T = np.array([0, 0, 0, 1, 2, 2, 3])
    found = [
        recalls(Ranked(scores_TI=generator.random((7, 4), np.float32), image_of_text_T=image_of_text_T))
        for _ in range(4000)
    ]
    expected = chance(Ranked(scores_TI=np.zeros((7, 4), np.float32), image_of_text_T=image_of_text_T))
    for group in GROUPS:
        mean = np.mean([one[group]["R@1"] for one in found])
        assert mean == pytest.approx(expected[group]["R@1"], abs=2.0)  # the standard error is 0.4
