"""Losses of a row's answers or options. Legend: B rows, A answers or options, targets in [0, 1]."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def binary(logits_BA: Tensor, targets_BA: Tensor) -> Tensor:
    """The binary cross-entropy, a mean over answers and rows."""
    return functional.binary_cross_entropy_with_logits(logits_BA, targets_BA)


def soft_bce(logits_BA: Tensor, targets_BA: Tensor) -> Tensor:
    """`binary` times the number of answers: a sum over answers, as LXMERT's. A row without targets asks for "no"s."""
    return binary(logits_BA, targets_BA) * logits_BA.shape[1]


def cross_entropy(logits_BA: Tensor, targets_BA: Tensor) -> Tensor:
    """The cross-entropy with the targets as shares, a mean over the rows that have any; exactly 0 without such rows."""
    totals_B = targets_BA.sum(1)
    shares_BA = targets_BA / totals_B.where(totals_B > 0, 1.0)[:, None]
    losses_B = -(shares_BA * functional.log_softmax(logits_BA, dim=1)).sum(1)
    return losses_B.sum() / (totals_B > 0).sum().clamp_min(1)
