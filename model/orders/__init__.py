"""How rows become mini-batches, one file each; the folder is the list.

A file defines `build(options, *, num_rows, batch_size, seed) -> Order`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray


class Order(Protocol):
    """The order of one stream, in whole mini-batches; `is_grouped` where it wants the rows of one together."""

    is_grouped: ClassVar[bool]

    def num_batches(self) -> int:
        """How many mini-batches an epoch has; the same in every epoch."""
        ...

    def batches(self, epoch: int) -> Sequence[NDArray[np.int64]]:
        """The row numbers of every mini-batch of an epoch."""
        ...
