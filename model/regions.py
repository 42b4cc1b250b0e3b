"""Regions of images as tensors, by row of the region store.

Legend: B rows, N images of the store, R regions, F features of a region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from data.regions.store import RegionStore


@dataclass(frozen=True, kw_only=True)
class Regions:
    """The regions of some images."""

    features_BRF: Tensor  # float32
    boxes_BR4: Tensor
    object_ids_BR: Tensor  # int64; -1: not known
    object_conf_BR: Tensor
    attribute_ids_BR: Tensor
    attribute_conf_BR: Tensor


def take(store: RegionStore, images_B: Tensor) -> Regions:
    """The regions of the images at `images_B`."""
    rows_B = images_B.numpy()
    return Regions(
        features_BRF=torch.from_numpy(store.features.take(rows_B)).float(),
        boxes_BR4=torch.from_numpy(store.boxes_NR4[rows_B]),
        object_ids_BR=torch.from_numpy(store.object_ids_NR[rows_B].astype(np.int64)),
        object_conf_BR=torch.from_numpy(store.object_conf_NR[rows_B]),
        attribute_ids_BR=torch.from_numpy(store.attribute_ids_NR[rows_B].astype(np.int64)),
        attribute_conf_BR=torch.from_numpy(store.attribute_conf_NR[rows_B]),
    )


def take_single(store: RegionStore, images_N: Tensor, regions_N: Tensor) -> Tensor:
    """The features of single regions, (N, F): region `regions_N` of the image at `images_N`."""
    return torch.from_numpy(store.features_NRF[images_N.numpy(), regions_N.numpy()]).float()
