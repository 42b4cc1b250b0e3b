from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from model.exercise import of_rows
from model.judging import AccuracyJudge, Frequencies, PrecisionJudge, average_precision
from tests.model.worked import small_batch, small_exercise, small_output


def test_average_precision_by_hand() -> None:
    # By score: true, false, true, false. Precisions at the true ones: 1/1 and 2/3.
    scores, targets = np.array([0.1, 0.9, 0.4, 0.7]), np.array([False, True, True, False])
    assert average_precision(scores, targets) == pytest.approx((1 + 2 / 3) / 2)


def test_equal_scores_are_one_step_whatever_their_order() -> None:
    targets = np.array([True, False, False, True])
    assert average_precision(np.zeros(4), targets) == pytest.approx(0.5)
    assert average_precision(np.zeros(4), targets[::-1]) == pytest.approx(0.5)
    assert average_precision(np.array([1.0, 1.0, 0.0, 0.0]), targets) == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_no_true_pair_gives_zero() -> None:
    assert average_precision(np.ones(3), np.zeros(3, np.bool_)) == 0.0


def test_frequencies_count_every_class_once_more() -> None:
    frequencies = Frequencies(3)
    frequencies.add(torch.tensor([0, 0, 2]))
    losses = frequencies.losses(torch.tensor([0, 1, 2]))
    assert losses.tolist() == pytest.approx([math.log(6 / 3), math.log(6 / 1), math.log(6 / 2)])


def test_accuracy_is_set_beside_the_majority_of_training() -> None:
    batch = small_batch(num_rows=3)
    judge = AccuracyJudge(
        answers=lambda asked: asked[0].targets_N,
        answered=lambda asked, output: (output.pooled_BD[:, 0], asked[0].targets_N),
    )
    judge.learn((of_rows(torch.tensor([True, True, False])),))
    output = small_output(batch, pooled_BD=torch.tensor([[-1.0], [2.0], [3.0]]))
    judge.score((of_rows(torch.tensor([False, False, True])),), small_exercise(batch).shown, output)
    result = judge.result()
    assert result.model == pytest.approx(2 / 3)
    assert result.blind["majority"] == pytest.approx(1 / 3)  # "yes" in training, right once here


def test_topics_are_set_beside_label_frequencies_of_training() -> None:
    batch = small_batch(num_rows=2)
    asked = (of_rows(torch.tensor([[1.0, 0.0], [1.0, 1.0]])),)
    judge = PrecisionJudge(lambda asked, output: output.pooled_BD, lambda asked: asked[0].targets_N, 2)
    judge.learn(asked)
    output = small_output(batch, pooled_BD=torch.tensor([[0.9, 0.8], [0.7, 0.6]]))
    judge.score(asked, small_exercise(batch).shown, output)
    result = judge.result()
    # Model: true, false, true, true -> (1 + 2/3 + 3/4) / 3. Frequencies: 2, 1, 2, 1 -> (1 + 1 + 3/4) / 3.
    assert result.model == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert result.blind["label frequencies"] == pytest.approx((1 + 1 + 3 / 4) / 3)
