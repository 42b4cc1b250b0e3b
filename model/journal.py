"""The metrics of every update: written on the device, read only now and then, since reading waits for the device."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


class Journal:
    """A row of numbers an update: the learning rate, which the host knows, and what the device found.

    `metrics`, (num_updates, columns) float64, has those that were read, and NaN in the rest.
    """

    def __init__(self, columns: Sequence[str], *, num_updates: int, device: str, read_every: int) -> None:
        self.columns = tuple(columns)
        self.metrics = torch.full((num_updates, len(columns)), math.nan, dtype=torch.float64)
        self.num_read = 0  # the updates whose rows are in `metrics`
        self._waiting = torch.empty(read_every, len(columns) - 1, dtype=torch.float64, device=device)
        self._num_waiting = 0

    @property
    def is_full(self) -> bool:
        """Whether no row can be noted before some are read."""
        return self._num_waiting == len(self._waiting)

    @property
    def is_read(self) -> bool:
        """Whether no row waits to be read."""
        return self._num_waiting == 0

    def begin(self, metrics: Tensor, num_read: int) -> None:
        """Go on from what an earlier process read."""
        self.metrics[:num_read] = metrics[:num_read]
        self.num_read = num_read

    def note(self, rate: float, row: Tensor) -> None:
        """The row of the next update, without waiting for the device."""
        self.metrics[self.num_read + self._num_waiting, 0] = rate
        self._waiting[self._num_waiting].copy_(row)
        self._num_waiting += 1

    def read(self) -> int | None:
        """Read the rows that wait; returns the first update whose loss is not finite."""
        first, self.num_read = self.num_read, self.num_read + self._num_waiting
        self.metrics[first : self.num_read, 1:] = self._waiting[: self._num_waiting].cpu()
        self._num_waiting = 0
        is_bad = ~self.metrics[first : self.num_read, self.columns.index("loss")].isfinite()
        return first + int(is_bad.nonzero()[0]) if bool(is_bad.any()) else None

    def last(self) -> dict[str, float]:
        """The row that was read last, by column; empty where none was."""
        if not self.num_read:
            return {}
        return dict(zip(self.columns, self.metrics[self.num_read - 1].tolist(), strict=True))
