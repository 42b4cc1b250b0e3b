"""Lists of different lengths, end to end in one array: numpy does for all at once what Python would do one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Ragged:
    """The list of number n is `values[offsets[n] : offsets[n + 1]]`; the lists follow each other without gaps."""

    values: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, lists: Sequence[Sequence[int]]) -> Ragged:
        """The given lists."""
        values = np.array([value for one in lists for value in one], np.int64)
        return cls(values=values, offsets=offsets_of([len(one) for one in lists]))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How long each list is."""
        return np.diff(self.offsets)

    @property
    def owners(self) -> NDArray[np.int64]:
        """The number of the list that each value is in."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, numbers: NDArray[np.int64]) -> Ragged:
        """The lists of these numbers, in this order."""
        lengths = self.lengths[numbers]
        offsets = offsets_of(lengths)
        places = np.repeat(self.offsets[:-1][numbers] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Ragged(values=self.values[places], offsets=offsets)

    def joined(self, groups: NDArray[np.int64]) -> Ragged:
        """Consecutive lists put together: group n is the lists from `groups[n]` up to `groups[n + 1]`."""
        return Ragged(values=self.values, offsets=self.offsets[groups])

    def where(self, is_kept: NDArray[np.bool_]) -> Ragged:
        """The lists without the values that are not kept."""
        return Ragged(values=self.values[is_kept], offsets=offsets_of(is_kept)[self.offsets])

    def to_arrow(self) -> pa.Array:
        """The lists as Arrow's list<int32>."""
        return pa.ListArray.from_arrays(pa.array(self.offsets, pa.int32()), pa.array(self.values, pa.int32()))


def offsets_of(lengths: Iterable[int] | NDArray[np.int64] | NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where lists of these lengths begin, and where the last of them ends."""
    counts = np.asarray(lengths if isinstance(lengths, np.ndarray) else list(lengths), np.int64)
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
