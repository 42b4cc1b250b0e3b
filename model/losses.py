"""Losses of a row's answers or options. Legend: B rows, A answers or options, targets in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class RowLoss:
    """The loss of each row, (B,), from logits and targets; and in how many of some rows anything is asked.

    The loss of a batch is the sum of the first over the second, which is known before the targets reach the device.
    """

    of_rows: Callable[[Tensor, Tensor], Tensor]
    num_asked: Callable[[NDArray[np.float32]], int] = len


def _binary(logits_BA: Tensor, targets_BA: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits_BA.float(), targets_BA, reduction="none").mean(1)


def _soft_bce(logits_BA: Tensor, targets_BA: Tensor) -> Tensor:
    return _binary(logits_BA, targets_BA) * logits_BA.shape[1]


def _cross_entropy(logits_BA: Tensor, targets_BA: Tensor) -> Tensor:
    totals_B1 = targets_BA.sum(1, keepdim=True)
    shares_BA = targets_BA / totals_B1.where(totals_B1 > 0, 1.0)
    return -(shares_BA * functional.log_softmax(logits_BA.float(), dim=1)).sum(1)


BINARY = RowLoss(of_rows=_binary)
"""The binary cross-entropy, a mean over answers."""

SOFT_BCE = RowLoss(of_rows=_soft_bce)
"""The same as a sum over answers, as LXMERT's. A row without targets asks for "no"s."""

SQUARED = RowLoss(of_rows=lambda logits_BA, targets_BA: (logits_BA.float() - targets_BA).square().mean(1))
"""The squared difference, a mean over answers, for one that is itself a number."""

CROSS_ENTROPY = RowLoss(of_rows=_cross_entropy, num_asked=lambda targets_BA: int((targets_BA.sum(1) > 0).sum()))
"""The cross-entropy with the targets as shares; exactly 0 in rows without any, which do not count."""
