"""How rows become mini-batches, one file each; the folder is the list.

A file defines `build(options, *, num_rows, batch_size, seed) -> Order`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Order(Protocol):
    """The order of one stream. It deals out whole mini-batches, since an order may want certain rows together."""

    def num_batches(self) -> int:
        """How many mini-batches an epoch has; the same in every epoch."""
        ...

    def batches(self, epoch: int) -> Sequence[NDArray[np.int64]]:
        """The row numbers of every mini-batch of an epoch."""
        ...
