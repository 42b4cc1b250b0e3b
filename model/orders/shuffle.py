"""Shuffle: every row once an epoch, in an order that (seed, epoch) decide; the last mini-batch may be smaller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from data import draws
from model.orders import Ordered
from model.plugins import read_options
from model.specs import Options


@dataclass(frozen=True, kw_only=True)
class ShuffleSettings:
    """The order has no options."""


@dataclass(frozen=True, kw_only=True)
class Shuffle:
    """A permutation by sorting one draw for each row: it needs no state, so training goes on at any step."""

    is_grouped: ClassVar[bool] = False
    has_like_lengths: ClassVar[bool] = False
    num_rows: int
    batch_size: int
    seed: int

    def num_batches(self) -> int:
        """The number of mini-batches of an epoch."""
        return -(-self.num_rows // self.batch_size)

    def batches(self, epoch: int) -> Sequence[NDArray[np.int64]]:
        """The mini-batches of an epoch."""
        keys_N = np.arange(self.num_rows, dtype=np.uint64)
        order_N = np.argsort(draws.bits(self.seed, epoch, keys_N, "shuffle", 1)[:, 0], kind="stable")
        return [order_N[start : start + self.batch_size] for start in range(0, self.num_rows, self.batch_size)]


def build(options: Options, *, rows: Ordered, batch_size: int, seed: int) -> Shuffle:
    """No options."""
    read_options(ShuffleSettings, options, where="shuffle")
    return Shuffle(num_rows=rows.num_rows, batch_size=batch_size, seed=seed)
