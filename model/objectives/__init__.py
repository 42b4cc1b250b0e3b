"""What a model learns, one file each: a head, the loss, and how it is judged on held-out rows. The folder is the list.

A file defines `build(options, *, network, facts) -> Objective`. Heads are not shared between objectives, with one
exception: whatever predicts word pieces can be tied to the network's word table (`Output.words_VD`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from model.batch import Batch, Output
from model.judging import Judge


class Objective(nn.Module, ABC):
    """A head on a network's output, and the loss of what a batch asks of it.

    `needs_whole_batch` where a loss compares all rows of a batch: it is then never cut.
    """

    needs_whole_batch: ClassVar[bool] = False

    @abstractmethod
    def losses(self, batch: Batch, output: Output) -> tuple[Tensor, ...]:
        """The loss of every single thing asked, (N,) for each part of the objective; empty where nothing is asked."""

    @abstractmethod
    def judge(self) -> Judge:
        """A fresh judge of this objective."""

    def loss(self, batch: Batch, output: Output) -> Tensor:
        """The sum over parts of the mean loss. A batch that asks nothing gives exactly 0, with gradients of 0."""
        means = [losses_N.sum() / max(len(losses_N), 1) for losses_N in self.losses(batch, output)]
        return torch.stack(means).sum()
