"""A mini-batch of a benchmark: texts, images, and which of them are shown together.

Legend: B rows, T texts, L word pieces, I images, R regions, F features of a region, P pairs, D width of the network,
A answers or options of a row.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.batch import on_device
from model.networks import Encoder


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Every text and every image once, however many pairs they are in; each row has as many pairs, one after another.

    `targets_BA` is the score in [0, 1] of everything that a row can be answered with, `num_asked` the number of rows of
    the whole batch whose losses count, at least 1.
    """

    rows_B: NDArray[np.int64]  # row numbers of the split
    text_TL: Tensor  # word pieces, int64
    text_mask_TL: Tensor  # True where there is a word piece, False on padding
    regions_IRF: Tensor  # as the store has them, float16
    boxes_IR4: Tensor
    text_P: Tensor  # which of the texts, int64
    image_P: Tensor  # which of the images, int64
    targets_BA: Tensor
    num_asked: Tensor

    def to(self, device: torch.device | str) -> Pairs:
        """The same with its tensors on `device`."""
        return on_device(self, device)

    @property
    def num_positions(self) -> int:
        """How many word pieces and regions the network sees, padding included."""
        return len(self.text_P) * (self.text_TL.shape[1] + self.regions_IRF.shape[1])

    def part(self, rows: slice) -> Pairs:
        """The pairs of some consecutive rows, beside all texts and images of the batch."""
        first, last, _ = rows.indices(len(self.rows_B))
        per_row = len(self.text_P) // len(self.rows_B)
        pairs = slice(first * per_row, last * per_row)
        return dataclasses.replace(
            self,
            rows_B=self.rows_B[rows],
            text_P=self.text_P[pairs],
            image_P=self.image_P[pairs],
            targets_BA=self.targets_BA[rows],
        )

    def pool(self, encoder: Encoder) -> Tensor:
        """The pooled state of each pair, (P, D). A text or an image of several pairs is embedded once."""
        text_TLD = encoder.embed_text(self.text_TL, self.text_mask_TL)
        regions_IRD = encoder.embed_regions(self.regions_IRF, self.boxes_IR4)
        return encoder.pool(
            text_TLD.index_select(0, self.text_P),
            self.text_mask_TL.index_select(0, self.text_P),
            regions_IRD.index_select(0, self.image_P),
        )
