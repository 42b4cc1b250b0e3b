"""Rows with the features of their images and texts, until there are enough of them to be grouped.

Legend: Q rows of the queue, B rows of a mini-batch, E width of features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.grouping import Floats


@dataclass(kw_only=True)
class FeatureQueue:
    """Room for rows with their features; the first `num_rows` are there."""

    rows_Q: NDArray[np.int64]
    image_QE: Floats
    text_QE: Floats
    num_rows: int = 0

    @classmethod
    def empty(cls, capacity: int, *, width: int) -> FeatureQueue:
        """Without rows."""
        shape = (capacity, width)
        return cls(
            rows_Q=np.empty(capacity, np.int64),
            image_QE=np.empty(shape, np.float32),
            text_QE=np.empty(shape, np.float32),
        )

    def add(self, rows_B: NDArray[np.int64], image_BE: Floats, text_BE: Floats) -> None:
        """Add rows, for which there is room."""
        part = slice(self.num_rows, self.num_rows + len(rows_B))
        self.rows_Q[part], self.image_QE[part], self.text_QE[part] = rows_B, image_BE, text_BE
        self.num_rows = part.stop
