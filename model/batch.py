"""A mini-batch as corruptions see it: small numbers on the host. Features of regions stay where they are stored.

Legend: B rows, L word pieces, R regions, P all regions of an image, D width of the network, V vocabulary.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data import draws as hashes

if TYPE_CHECKING:  # it needs Pillow, which a training on regions does without
    from data.pictures.views import View

Columns = TypeVar("Columns")
NOT_ASKED = -1  # in object, attribute and triplet columns: nothing is known or asked there
HIDDEN = -1  # in source columns: zeros are shown


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Text and regions as they are to be shown, beside the truth that corruptions have hidden.

    A corruption returns a new batch: it changes the input columns (`text_BL`, `sources_BR`) and marks where; the
    truth columns (`true_*`, labels, boxes) always speak of the image that is shown. A source is a region of the store,
    as image * `num_pieces` + region. Rows of texts alone have no region (R = 0, `num_pieces` 0), rows of images alone
    no word piece (L = 0). After `drop_patches` all columns of regions have those alone that are shown.
    """

    rows_B: NDArray[np.int64]  # row numbers of the corpus
    keys_B: NDArray[np.uint64]  # the key of each row's id: what every draw rests on
    images_B: Tensor  # the shown image's row of the region store, int64; -1: none
    text_BL: Tensor  # word pieces, int64
    text_mask_BL: Tensor  # True where there is a word piece, False on padding
    true_text_BL: Tensor
    num_pieces: int  # regions of an image, shown or not
    places_BR: Tensor  # which of them each region is, int64, ascending
    sources_BR: Tensor  # the region whose features each region shows, int64, or HIDDEN
    boxes_BR4: Tensor  # x1, y1, x2, y2 as shares of width and height; never changed by a corruption
    object_ids_BR: Tensor  # -1: not known
    object_conf_BR: Tensor
    attribute_ids_BR: Tensor
    attribute_conf_BR: Tensor
    masked_words_BL: Tensor  # True where MLM asks for the word piece
    masked_regions_BR: Tensor  # True where MRFR and MOC ask for the region
    triplets_BR: Tensor  # the first region of the shuffled triplet that a region is in, else -1
    matched_B: Tensor  # False where the image or the text was swapped
    asked_B: Tensor  # False where nothing but the match is asked, whatever is marked above
    all_boxes_BP4: Tensor | None = None  # of all `num_pieces` places, shown or not; None: `boxes_BR4`
    view: View | None = None  # how its rows see pictures, drawn by `draws`; None: as they are
    draws: Draws | None = None
    objectives: tuple[str, ...] = ()  # who asks of it; empty: all that a learner has
    more: tuple[Batch, ...] = ()  # the same rows shown again, after other corruptions

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.rows_B)

    def mismatched(self, swapped_B: Tensor, *, have_targets: bool) -> Batch:
        """The batch whose pairs at `swapped_B` do not match; `have_targets`: all else is asked of them as well."""
        return dataclasses.replace(
            self, matched_B=self.matched_B & ~swapped_B, asked_B=self.asked_B & (have_targets | ~swapped_B)
        )

    def trimmed(self) -> Batch:
        """The batch without the columns of words that are padding in every row."""
        used = self.text_mask_BL.any(0).nonzero()
        length = int(used.max()) + 1 if len(used) else 0
        columns = ("text_BL", "text_mask_BL", "true_text_BL", "masked_words_BL")
        return dataclasses.replace(self, **{name: getattr(self, name)[:, :length] for name in columns})

    def true_sources(self) -> Tensor:
        """The sources of the regions' own features, (B, R)."""
        return self.images_B[:, None] * self.num_pieces + self.places_BR

    def all_are_shown(self) -> bool:
        """Whether no region was dropped."""
        return self.places_BR.shape[1] == self.num_pieces

    def dropped(self) -> Tensor:
        """True for each region of the images that is not shown, (B, `num_pieces`)."""
        return torch.ones(self.size, self.num_pieces, dtype=torch.bool).scatter(1, self.places_BR, False)


def own_sources(images_B: Tensor, num_regions: int) -> Tensor:
    """The sources of all regions of some images, in their order, (B, R)."""
    return images_B[:, None] * num_regions + torch.arange(num_regions)


def each_tensor(columns: Columns, change: Callable[[Tensor], Any]) -> Columns:
    """A dataclass, tuple or mapping with `change` made to every tensor in it, however deep; all else stays."""
    changed: Any = columns
    if isinstance(columns, Tensor):
        changed = change(columns)
    elif dataclasses.is_dataclass(columns) and not isinstance(columns, type):
        values = {field.name: getattr(columns, field.name) for field in dataclasses.fields(columns)}
        changed = type(columns)(**{name: each_tensor(value, change) for name, value in values.items()})
    elif isinstance(columns, tuple):
        changed = tuple(each_tensor(value, change) for value in columns)
    elif isinstance(columns, Mapping):
        changed = {name: each_tensor(value, change) for name, value in columns.items()}
    return changed  # type: ignore[no-any-return]


def on_device(columns: Columns, device: torch.device | str) -> Columns:
    """The same with all tensors on `device`. Nothing waits for the copies to a GPU: they leave from pinned memory."""
    if torch.device(device).type == "cuda":
        return each_tensor(columns, lambda tensor: _pinned(tensor).to(device, non_blocking=True))
    return each_tensor(columns, lambda tensor: tensor.to(device))


def _pinned(tensor: Tensor) -> Tensor:
    return tensor.pin_memory() if tensor.device.type == "cpu" else tensor


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What a teacher makes of the rows asked (N), by themselves, and what it made of earlier rows (Q).

    `images_*` are the numbers of their images, -1 where the queue has no row yet; `alpha` is the share that the
    teacher's word has in a target.
    """

    image_NE: Tensor
    text_NE: Tensor
    images_N: Tensor
    image_QE: Tensor
    text_QE: Tensor
    images_Q: Tensor
    alpha: Tensor


@dataclass(frozen=True, kw_only=True)
class Output:
    """What a network makes of a batch. `words_VD` is its word table, to which decoders of word pieces are tied.

    `embedded_BRD` are the regions before they met the text.
    `image_BE` and `text_BE` are what image and text are by themselves, of length 1, to be compared; `temperature` is
    what their products are divided by. They are what `alone` gives, which is asked once, and only where somebody wants
    them: a network may need passes of their own for it. `pool_pairs` gives the pooled states, (P, D), of other pairs of
    the batch: the numbers of their texts and images, (P,). `taught` is a teacher's word on the same rows, for
    objectives that ask it.
    """

    text_BLD: Tensor
    regions_BRD: Tensor
    pooled_BD: Tensor
    words_VD: Tensor
    embedded_BRD: Tensor
    alone: Callable[[], tuple[Tensor, Tensor]]
    temperature: Tensor
    pool_pairs: Callable[[Tensor, Tensor], Tensor]
    taught: Taught | None = None

    @property
    def image_BE(self) -> Tensor:  # noqa: N802  # a tensor's name has its shape
        """The images by themselves."""
        return self._compared[0]

    @property
    def text_BE(self) -> Tensor:  # noqa: N802
        """The texts by themselves."""
        return self._compared[1]

    @functools.cached_property
    def _compared(self) -> tuple[Tensor, Tensor]:
        with torch.set_grad_enabled(self.pooled_BD.requires_grad):  # whoever asks first may want no gradient of it
            return self.alone()


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Random numbers of one epoch: a hash of (seed, epoch, row key, slot, position), the same in any batch order."""

    seed: int
    epoch: int

    def uniform(self, batch: Batch, slot: str, num_draws: int) -> Tensor:
        """Numbers in [0, 1), (B, num_draws), float64."""
        return torch.from_numpy(hashes.uniform(self.seed, self.epoch, batch.keys_B, slot, num_draws))

    def integers(self, batch: Batch, slot: str, high: int | NDArray[np.int64], num_draws: int = 1) -> Tensor:
        """Integers in [0, high), (B, num_draws), int64; `high` may differ by row, shape (B, 1)."""
        return torch.from_numpy(hashes.integers(self.seed, self.epoch, batch.keys_B, slot, high, num_draws))
