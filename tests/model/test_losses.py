"""Losses on numbers worked out by hand. Logits of ln 3 are odds of 3 to 1."""

from __future__ import annotations

import math

import pytest
import torch

from model.losses import binary, cross_entropy, soft_bce

LN = math.log


def test_binary_is_a_mean_over_answers_and_soft_bce_a_sum() -> None:
    logits_BA = torch.tensor([[0.0, LN(3)]])
    targets_BA = torch.tensor([[1.0, 0.0]])  # -ln(1/2), and -ln(1 - 3/4)
    assert binary(logits_BA, targets_BA).item() == pytest.approx((LN(2) + LN(4)) / 2)
    assert soft_bce(logits_BA, targets_BA).item() == pytest.approx(LN(2) + LN(4))


def test_a_score_of_three_tenths_is_three_parts_yes_and_seven_parts_no() -> None:
    loss = soft_bce(torch.tensor([[LN(3)]]), torch.tensor([[0.3]]))
    assert loss.item() == pytest.approx(0.3 * LN(4 / 3) + 0.7 * LN(4))


def test_soft_bce_of_a_row_without_targets_says_no_to_all_answers() -> None:
    loss = soft_bce(torch.tensor([[0.0, 0.0], [0.0, 0.0]]), torch.zeros(2, 2))
    assert loss.item() == pytest.approx(2 * LN(2))


def test_cross_entropy_takes_targets_as_shares() -> None:
    logits_BA = torch.tensor([[0.0, LN(3)]])  # 1/4 and 3/4
    assert cross_entropy(logits_BA, torch.tensor([[1.0, 0.0]])).item() == pytest.approx(LN(4))
    shared = cross_entropy(logits_BA, torch.tensor([[0.6, 0.2]]))
    assert shared.item() == pytest.approx(0.75 * LN(4) + 0.25 * LN(4 / 3))


def test_cross_entropy_leaves_rows_without_targets_out() -> None:
    logits_BA = torch.tensor([[0.0, LN(3)], [5.0, -5.0]])
    assert cross_entropy(logits_BA, torch.tensor([[1.0, 0.0], [0.0, 0.0]])).item() == pytest.approx(LN(4))


def test_cross_entropy_of_no_targets_at_all_is_exactly_zero_with_gradients_of_zero() -> None:
    logits_BA = torch.randn(2, 3, requires_grad=True)
    loss = cross_entropy(logits_BA, torch.zeros(2, 3))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0.0
    assert logits_BA.grad is not None
    assert not logits_BA.grad.any()


def test_one_own_pair_among_four_by_both_losses() -> None:
    logits_BA, own_first_BA = torch.tensor([[LN(3), 0.0, 0.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    assert binary(logits_BA, own_first_BA).item() == pytest.approx((LN(4 / 3) + 3 * LN(2)) / 4)
    assert cross_entropy(logits_BA, own_first_BA).item() == pytest.approx(LN(2))  # 3 of 6
