"""Length buckets: texts of about the same number of word pieces in one mini-batch, so that little of it is padding.

Legend: N rows, K rows of a bucket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from data import draws
from data.errors import UserError
from model.grouping import cut
from model.orders import Ordered
from model.plugins import read_options
from model.specs import Options


@dataclass(frozen=True, kw_only=True)
class LengthBucketsSettings:
    """A bucket has the rows of `batches_per_bucket` mini-batches: the more, the more alike lengths are."""

    batches_per_bucket: int = 50


@dataclass(frozen=True, kw_only=True)
class LengthBuckets:
    """Shuffled rows are cut into buckets, each sorted by length and cut into mini-batches, which are shuffled.

    Every row comes once an epoch; one mini-batch, anywhere in the epoch, may be smaller. It needs no state.
    """

    is_grouped: ClassVar[bool] = False
    has_like_lengths: ClassVar[bool] = True
    rows: Ordered
    batch_size: int
    batches_per_bucket: int
    seed: int

    def num_batches(self) -> int:
        """The number of mini-batches of an epoch."""
        return -(-self.rows.num_rows // self.batch_size)

    def batches(self, epoch: int) -> Sequence[NDArray[np.int64]]:
        """The mini-batches of an epoch."""
        order_N = self._shuffled(np.arange(self.rows.num_rows), epoch, "length_buckets.rows")
        buckets = cut(order_N, self.batch_size * self.batches_per_bucket)
        batches = [batch for rows_K in buckets for batch in cut(self._by_length(rows_K), self.batch_size)]
        firsts = np.array([rows_B[0] for rows_B in batches])
        turn_of = dict(zip(firsts.tolist(), batches, strict=True))
        return [turn_of[first] for first in self._shuffled(firsts, epoch, "length_buckets.batches").tolist()]

    def _by_length(self, rows_K: NDArray[np.int64]) -> NDArray[np.int64]:
        return rows_K[np.argsort(self.rows.lengths_N[rows_K], kind="stable")]

    def _shuffled(self, rows_K: NDArray[np.int64], epoch: int, slot: str) -> NDArray[np.int64]:
        drawn_K = draws.bits(self.seed, epoch, self.rows.keys_N[rows_K], slot, 1)[:, 0]
        return rows_K[np.argsort(drawn_K, kind="stable")]


def build(options: Options, *, rows: Ordered, batch_size: int, seed: int) -> LengthBuckets:
    """Raises UserError where a bucket is to hold no mini-batch."""
    settings = read_options(LengthBucketsSettings, options, where="order length_buckets")
    if settings.batches_per_bucket < 1:
        raise UserError(
            expected="at least 1 mini-batch a bucket",
            found=str(settings.batches_per_bucket),
            where="order length_buckets, batches_per_bucket",
            way_out="raise it, or leave it out for 50",
        )
    return LengthBuckets(rows=rows, batch_size=batch_size, batches_per_bucket=settings.batches_per_bucket, seed=seed)
