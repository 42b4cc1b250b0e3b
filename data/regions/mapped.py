"""Rows of a contiguous dataset, mapped into memory: random batches at the speed of a copy, from a cold disk too.

Legend: N rows of the dataset, B of a batch.
"""

from __future__ import annotations

import math
import os
import weakref
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_ALIGNMENT = 64  # bytes: where source and target differ in this, the C library copies at half the speed
_ONE_IN = 8  # rows is asked whether it is in memory


class MappedRows:
    """float16 rows of `shape[1:]`, the first of them at `offset` in the file."""

    def __init__(self, path: Path, *, offset: int, shape: tuple[int, ...]) -> None:
        self.array: NDArray[np.float16] = np.zeros(shape, np.float16)
        if shape[0]:  # nothing cannot be mapped
            self.array = np.memmap(path, np.float16, mode="r", offset=offset, shape=shape)
        self._offset = offset
        self._row_bytes = 2 * math.prod(shape[1:])
        self._byte = bytearray(1)
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def room(self, num_rows: int) -> NDArray[np.float16]:
        """An array for so many rows, to be given to `take` again and again: it is filled at full speed."""
        content = np.empty(num_rows * self._row_bytes + _ALIGNMENT, np.uint8)
        start = (self.array.ctypes.data - content.ctypes.data) % _ALIGNMENT
        return content[start : start + num_rows * self._row_bytes].view(np.float16).reshape(-1, *self.array.shape[1:])

    def take(self, rows_B: NDArray[np.int64], out: NDArray[np.float16] | None = None) -> NDArray[np.float16]:
        """The rows of these numbers in their order, in `out` where it is given, else in a new array."""
        order_B = np.argsort(rows_B, kind="stable")
        rows = rows_B[order_B]
        if len(rows) and not 0 <= rows[0] <= rows[-1] < len(self.array):
            raise IndexError(f"rows {rows[0]} to {rows[-1]} of {len(self.array)}")
        self.fetch(rows)
        if out is None:
            out = self.room(len(rows_B))
        array = self.array.view(np.ndarray)  # a memmap itself is slow to index
        for place, row in zip(order_B.tolist(), rows.tolist(), strict=True):  # as they come from the disk
            out[place] = array[row]
        return out

    def fetch(self, rows: NDArray[np.int64]) -> None:
        """Have the system read these rows all at the same time, unless they are in memory; waits for nothing."""
        if not hasattr(os, "RWF_NOWAIT") or all(map(self._is_in_memory, rows[::_ONE_IN].tolist())):
            return
        rows = np.unique(rows)
        firsts = rows[np.diff(rows, prepend=-2) != 1].tolist()
        ends = (rows[np.diff(rows, append=-2) != 1] + 1).tolist()
        for first, end in zip(firsts, ends, strict=True):
            place, num_bytes = self._offset + first * self._row_bytes, (end - first) * self._row_bytes
            os.posix_fadvise(self._descriptor, place, num_bytes, os.POSIX_FADV_WILLNEED)

    def _is_in_memory(self, row: int) -> bool:
        """Whether its first byte is, as far as the system says: it is to be read only if that needs no waiting."""
        try:
            os.preadv(self._descriptor, [self._byte], self._offset + row * self._row_bytes, os.RWF_NOWAIT)
        except OSError:  # BlockingIOError; another one where the file system cannot tell
            return False
        return True
