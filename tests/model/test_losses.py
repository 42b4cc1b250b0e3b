"""Losses on numbers worked out by hand. Logits of ln 3 are odds of 3 to 1."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from model.losses import BINARY, CROSS_ENTROPY, SOFT_BCE, RowLoss

LN = math.log


def loss(kind: RowLoss, logits_BA: Tensor, targets_BA: Tensor) -> Tensor:
    """Of a batch: the sum over its rows, by the number that count, at least 1."""
    return kind.of_rows(logits_BA, targets_BA).sum() / max(kind.num_asked(targets_BA.numpy()), 1)


def test_binary_is_a_mean_over_answers_and_soft_bce_a_sum() -> None:
    logits_BA = torch.tensor([[0.0, LN(3)]])
    targets_BA = torch.tensor([[1.0, 0.0]])  # -ln(1/2), and -ln(1 - 3/4)
    assert loss(BINARY, logits_BA, targets_BA).item() == pytest.approx((LN(2) + LN(4)) / 2)
    assert loss(SOFT_BCE, logits_BA, targets_BA).item() == pytest.approx(LN(2) + LN(4))


def test_a_score_of_three_tenths_is_three_parts_yes_and_seven_parts_no() -> None:
    value = loss(SOFT_BCE, torch.tensor([[LN(3)]]), torch.tensor([[0.3]]))
    assert value.item() == pytest.approx(0.3 * LN(4 / 3) + 0.7 * LN(4))


def test_soft_bce_of_a_row_without_targets_says_no_to_all_answers() -> None:
    value = loss(SOFT_BCE, torch.tensor([[0.0, 0.0], [0.0, 0.0]]), torch.zeros(2, 2))
    assert value.item() == pytest.approx(2 * LN(2))


def test_cross_entropy_takes_targets_as_shares() -> None:
    logits_BA = torch.tensor([[0.0, LN(3)]])  # 1/4 and 3/4
    assert loss(CROSS_ENTROPY, logits_BA, torch.tensor([[1.0, 0.0]])).item() == pytest.approx(LN(4))
    shared = loss(CROSS_ENTROPY, logits_BA, torch.tensor([[0.6, 0.2]]))
    assert shared.item() == pytest.approx(0.75 * LN(4) + 0.25 * LN(4 / 3))


def test_cross_entropy_leaves_rows_without_targets_out() -> None:
    logits_BA = torch.tensor([[0.0, LN(3)], [5.0, -5.0]])
    assert loss(CROSS_ENTROPY, logits_BA, torch.tensor([[1.0, 0.0], [0.0, 0.0]])).item() == pytest.approx(LN(4))


def test_cross_entropy_of_no_targets_at_all_is_exactly_zero_with_gradients_of_zero() -> None:
    logits_BA = torch.randn(2, 3, requires_grad=True)
    value = loss(CROSS_ENTROPY, logits_BA, torch.zeros(2, 3))
    value.backward()  # type: ignore[no-untyped-call]
    assert value.item() == 0.0
    assert logits_BA.grad is not None
    assert not logits_BA.grad.any()


def test_one_own_pair_among_four_by_both_losses() -> None:
    logits_BA, own_first_BA = torch.tensor([[LN(3), 0.0, 0.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    assert loss(BINARY, logits_BA, own_first_BA).item() == pytest.approx((LN(4 / 3) + 3 * LN(2)) / 4)
    assert loss(CROSS_ENTROPY, logits_BA, own_first_BA).item() == pytest.approx(LN(2))  # 3 of 6
