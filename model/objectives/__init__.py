"""What a model learns, one file each: a head, the loss, and how it is judged on held-out rows. The folder is the list.

A file defines `build(options, *, network, facts) -> Objective`. Heads are not shared between objectives, with one
exception: whatever predicts word pieces can be tied to the network's word table (`Output.words_VD`).
Legend: N things asked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from model.batch import Batch, Output
from model.exercise import Asked, Shown, weighted
from model.judging import Judge
from model.momentum import Momentum
from model.specs import Modality


class Objective(nn.Module, ABC):
    """A head on a network's output, and the loss of what a batch asks of it.

    `needs_whole_batch` where a loss compares all rows of a batch: it is then never cut. `is_matching` where it tells
    mismatched pairs from others: it asks of all rows, also where a corruption says that nothing else is asked.
    `momentum`: that of the teacher whose word its loss rests on; it asks of rows, in one part. `needs`: what rows must
    have for it to ask anything.
    """

    needs: ClassVar[tuple[Modality, ...]] = ("text", "images")
    needs_whole_batch: ClassVar[bool] = False
    is_matching: ClassVar[bool] = False
    momentum: Momentum | None = None

    @abstractmethod
    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """What it asks of a batch, for each of its parts. Runs on the host, beside the step: no head is used."""

    @abstractmethod
    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> tuple[Tensor, ...]:
        """The loss of every single thing asked, (N,) for each part, all alike; empty where nothing is asked.

        Nothing here may make the host wait for the device: places are indices, and no shape depends on a value.
        """

    @abstractmethod
    def judge(self) -> Judge:
        """A fresh judge of this objective."""

    def loss(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Tensor:
        """The sum over parts of the mean loss. A batch that asks nothing gives exactly 0, with gradients of 0.

        Of a part of a batch: its share, so that the parts add up to the whole.
        """
        losses = self.losses(asked, shown, output)
        means = [weighted(losses_N, part).sum() / part.num_asked for losses_N, part in zip(losses, asked, strict=True)]
        return torch.stack(means).sum()
