"""Images in pieces as tensors: boxes and labels by row of their store, features by source.

Pieces are the regions that a detector found (`RegionStore`), or others (`Pieces`: the patches of a picture).

A source is one region of the store, as image * R + region, or HIDDEN. Legend: B rows, R regions, F features of a
region, S regions of the store (all images' end to end), N sources, I images,
T rows of a table: S and one of zeros.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.errors import UserError
from data.regions.store import RegionStore
from model.batch import HIDDEN, Batch, Draws, on_device
from model.specs import Options

if TYPE_CHECKING:  # it needs Pillow, which a training on regions does without
    from data.pictures.views import View

_RESIDENT_SHARE = 0.5  # of the free memory of a GPU that a store may take
_ROWS_PER_COPY = 4096


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Boxes and labels of the regions of some images."""

    boxes_BR4: Tensor
    object_ids_BR: Tensor  # int64; -1: not known
    object_conf_BR: Tensor
    attribute_ids_BR: Tensor
    attribute_conf_BR: Tensor


class Pieces(ABC):
    """Images by row, in other pieces than a detector's regions; a piece has `feature_size` numbers."""

    image_ids: Sequence[str]
    row_of: Mapping[str, int]
    object_names: Sequence[str]
    attribute_names: Sequence[str]
    feature_size: int

    @abstractmethod
    def labels(self, images_B: Tensor) -> Labels:
        """Boxes and labels of the pieces of some images."""

    @abstractmethod
    def training_view(self, options: Options) -> View:
        """How the rows of a training see them."""

    @abstractmethod
    def seen(
        self,
        images_I: Tensor,
        keys_I: NDArray[np.uint64],
        draws: Draws,
        view: View,
        *,
        may_flip_I: NDArray[np.bool_],
    ) -> Tensor:
        """Features of the pieces of some images as a view shows them by draws for each key, (I, R, F), on the host."""

    @abstractmethod
    def features(self, device: torch.device | str) -> Features:
        """Where their features are taken from."""


ImageStore = RegionStore | Pieces


def labels(store: ImageStore, images_B: Tensor) -> Labels:
    """Those of the images at `images_B`."""
    if isinstance(store, Pieces):
        return store.labels(images_B)
    rows_B = images_B.numpy()
    return Labels(
        boxes_BR4=torch.from_numpy(store.boxes_NR4[rows_B]),
        object_ids_BR=torch.from_numpy(store.object_ids_NR[rows_B].astype(np.int64)),
        object_conf_BR=torch.from_numpy(store.object_conf_NR[rows_B]),
        attribute_ids_BR=torch.from_numpy(store.attribute_ids_NR[rows_B].astype(np.int64)),
        attribute_conf_BR=torch.from_numpy(store.attribute_conf_NR[rows_B]),
    )


def no_labels(num_rows: int) -> Labels:
    """Those of rows without an image: of no region, (B, 0)."""
    ids_B0, confidences_B0 = torch.empty(num_rows, 0, dtype=torch.int64), torch.empty(num_rows, 0)
    return Labels(
        boxes_BR4=torch.empty(num_rows, 0, 4),
        object_ids_BR=ids_B0,
        object_conf_BR=confidences_B0,
        attribute_ids_BR=ids_B0,
        attribute_conf_BR=confidences_B0,
    )


def feature_size(store: ImageStore) -> int:
    """How many numbers the features of a region have."""
    return store.feature_size if isinstance(store, Pieces) else int(store.features_NRF.shape[2])


def training_view(store: ImageStore, options: Options) -> View | None:
    """How the rows of a training see images; None: as the store has them. Raises UserError on options for regions."""
    if isinstance(store, Pieces):
        return store.training_view(options)
    if options:
        raise UserError(
            expected="a view of pictures only where a network sees pictures",
            found=", ".join(options),
            where="the view of a stream or a fine-tuning whose images are regions of a detector",
            way_out="leave it out",
        )
    return None


class Features(ABC):
    """Where features are taken from, and the device that they are taken to."""

    device: torch.device

    @abstractmethod
    def take(self, sources: Tensor) -> Tensor:
        """The features of `sources` (int64, any shape, on the host), (..., F): zeros where HIDDEN."""

    def seen_by(self, batch: Batch) -> BatchFeatures:
        """As they are seen by the rows of a batch: the same by all, unless a kind of features says otherwise."""
        return BatchFeatures(self)


class BatchFeatures:
    """Features for the rows of a batch."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self.device = features.device

    def take(self, sources: Tensor, rows: Tensor) -> Tensor:
        """The features of `sources` as the row of the batch sees them, `rows` (int64) of the same shape."""
        return self._features.take(sources)


def features(store: ImageStore, device: torch.device | str) -> Features:
    """The store in a GPU's memory where it fits, else as it lies on the disk."""
    if isinstance(store, Pieces):
        return store.features(device)
    if torch.device(device).type == "cuda":
        free_bytes, _ = torch.cuda.mem_get_info(device)
        if store.features_NRF.nbytes < _RESIDENT_SHARE * free_bytes:
            return Resident.of(store, device)
    return Mapped(store, device)


class Mapped(Features):
    """Features of a store as it lies on the disk, mapped into memory."""

    def __init__(self, store: RegionStore, device: torch.device | str) -> None:
        self.device = torch.device(device)
        self._features_SF = _end_to_end(store)
        self._store = store

    def take(self, sources: Tensor) -> Tensor:
        """Gathered on the host, into pinned memory that is used again where a GPU is to read it."""
        rows_N = sources.flatten()
        shown_N = rows_N[rows_N != HIDDEN].numpy() // self._store.features_NRF.shape[1]
        self._store.features.fetch(np.unique(shown_N))
        is_gpu = self.device.type == "cuda"
        taken_NF = torch.empty((len(rows_N), self._features_SF.shape[1]), dtype=torch.float16, pin_memory=is_gpu)
        np.take(self._features_SF, rows_N.numpy(), axis=0, out=taken_NF.numpy(), mode="clip")  # the fastest of all ways
        taken_NF[rows_N == HIDDEN] = 0.0
        return taken_NF.view(*sources.shape, taken_NF.shape[1]).to(self.device, non_blocking=True)


class Resident(Features):
    """Features that lie whole in the device's memory: those of all regions, with a row of zeros behind the last."""

    def __init__(self, table_TF: Tensor) -> None:
        self.device = table_TF.device
        self._table_TF = table_TF

    @classmethod
    def of(cls, store: RegionStore, device: torch.device | str) -> Resident:
        """Those of a store."""
        features_SF = _end_to_end(store)
        num_regions, size = features_SF.shape
        table_TF = torch.zeros((num_regions + 1, size), dtype=torch.float16, device=device)
        for start in range(0, num_regions, _ROWS_PER_COPY):
            rows_NF = torch.from_numpy(features_SF[start : start + _ROWS_PER_COPY].copy())  # mapped ones are read-only
            table_TF[start : start + len(rows_NF)].copy_(rows_NF)
        return cls(table_TF)

    def take(self, sources: Tensor) -> Tensor:
        """Gathered on the device."""
        rows = on_device(sources.where(sources != HIDDEN, len(self._table_TF) - 1), self.device)
        return self._table_TF.index_select(0, rows.flatten()).view(*sources.shape, self._table_TF.shape[1])


def _end_to_end(store: RegionStore) -> NDArray[np.float16]:
    return np.asarray(store.features_NRF).reshape(-1, store.features_NRF.shape[2])
