"""A mini-batch: what a network sees, and what is asked of it.

Legend: B rows, L word pieces, R regions, F features of a region, D width of the network, V vocabulary.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data import draws

Columns = TypeVar("Columns")
NOT_ASKED = -1  # in object, attribute and triplet columns: nothing is known or asked there


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Text and regions as the network sees them, beside the truth that corruptions have hidden.

    A corruption returns a new batch: it changes the input columns (`text_BL`, `regions_BRF`) and marks where; the
    truth columns (`true_*`, labels, boxes) always speak of the image that is shown.
    """

    rows_B: NDArray[np.int64]  # row numbers of the corpus
    keys_B: NDArray[np.uint64]  # the key of each row's id: what every draw rests on
    images_B: Tensor  # the shown image's row of the region store, int64
    text_BL: Tensor  # word pieces, int64
    text_mask_BL: Tensor  # True where there is a word piece, False on padding
    true_text_BL: Tensor
    regions_BRF: Tensor  # float32
    true_regions_BRF: Tensor
    boxes_BR4: Tensor  # x1, y1, x2, y2 as shares of width and height; never changed by a corruption
    object_ids_BR: Tensor  # -1: not known
    object_conf_BR: Tensor
    attribute_ids_BR: Tensor
    attribute_conf_BR: Tensor
    topics_BL: Tensor  # True on the pieces of words that are also words of the shown image's object labels
    masked_words_BL: Tensor  # True where MLM asks for the word piece
    masked_regions_BR: Tensor  # True where MRFR and MOC ask for the region
    triplets_BR: Tensor  # the first region of the shuffled triplet that a region is in, else -1
    matched_B: Tensor  # False where the image was swapped

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.rows_B)

    def to(self, device: torch.device | str) -> Batch:
        """The batch with its tensors on `device`."""
        return on_device(self, device)


def on_device(columns: Columns, device: torch.device | str) -> Columns:
    """A dataclass with its tensors on `device`."""
    values = {field.name: getattr(columns, field.name) for field in dataclasses.fields(columns)}  # type: ignore[arg-type]
    moved: dict[str, Any] = {
        name: value.to(device) if isinstance(value, Tensor) else value for name, value in values.items()
    }
    return type(columns)(**moved)


@dataclass(frozen=True, kw_only=True)
class Output:
    """What a network makes of a batch. `words_VD` is its word table, to which decoders of word pieces are tied."""

    text_BLD: Tensor
    regions_BRD: Tensor
    pooled_BD: Tensor
    words_VD: Tensor


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Random numbers of one epoch: a hash of (seed, epoch, row key, slot, position), the same in any batch order."""

    seed: int
    epoch: int

    def uniform(self, batch: Batch, slot: str, num_draws: int) -> Tensor:
        """Numbers in [0, 1), (B, num_draws), float64."""
        return torch.from_numpy(draws.uniform(self.seed, self.epoch, batch.keys_B, slot, num_draws))

    def integers(self, batch: Batch, slot: str, high: int | NDArray[np.int64], num_draws: int = 1) -> Tensor:
        """Integers in [0, high), (B, num_draws), int64; `high` may differ by row, shape (B, 1)."""
        return torch.from_numpy(draws.integers(self.seed, self.epoch, batch.keys_B, slot, high, num_draws))
