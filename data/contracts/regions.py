"""The contract of the region store. Features are read a block of images at a time, so memory stays flat."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data.contracts.rules import hold, hold_all
from data.regions.store import FILE_NAME, RegionStore
from data.schema import FEATURE_SIZE, NUM_REGIONS

_BLOCK = 256  # images


def check(folder: Path) -> None:
    """Shapes, sorted ids, finite features, boxes in [0, 1] in order, labels within their vocabularies."""
    path = folder / FILE_NAME
    store = RegionStore.open(path)
    num_images = len(store.image_ids)
    shapes = {
        "features": (store.features_NRF.shape, (num_images, NUM_REGIONS, FEATURE_SIZE)),
        "boxes": (store.boxes_NR4.shape, (num_images, NUM_REGIONS, 4)),
        "object_ids": (store.object_ids_NR.shape, (num_images, NUM_REGIONS)),
        "object_conf": (store.object_conf_NR.shape, (num_images, NUM_REGIONS)),
        "attribute_ids": (store.attribute_ids_NR.shape, (num_images, NUM_REGIONS)),
        "attribute_conf": (store.attribute_conf_NR.shape, (num_images, NUM_REGIONS)),
        "sizes": (store.sizes_N2.shape, (num_images, 2)),
    }
    for name, (found, expected) in shapes.items():
        hold(found == expected, path, f"{name} of shape {expected}", [], str(found))
    image_ids = store.image_ids.tolist()
    hold(image_ids == sorted(set(image_ids)), path, "image ids sorted, none twice", [])
    _check_numbers(store, path)


def _check_numbers(store: RegionStore, path: Path) -> None:
    ids = store.image_ids
    low, high = store.boxes_NR4[..., :2], store.boxes_NR4[..., 2:]
    inside = (low >= 0) & (low <= high) & (high <= 1)  # false for NaN
    hold_all(inside, ids, path, "boxes x1 <= x2, y1 <= y2 within [0, 1]")
    hold_all(store.sizes_N2 > 0, ids, path, "sizes above 0")
    labels = {
        "object": (store.object_ids_NR, store.object_conf_NR, store.object_names),
        "attribute": (store.attribute_ids_NR, store.attribute_conf_NR, store.attribute_names),
    }
    for name, (ids_NR, conf_NR, names) in labels.items():
        known = (ids_NR >= -1) & (ids_NR < len(names))
        hold_all(known, ids, path, f"{name}_ids from -1 to {len(names) - 1}")
        hold_all((conf_NR >= 0) & (conf_NR <= 1), ids, path, f"{name}_conf in [0, 1]")
    for start in range(0, len(ids), _BLOCK):
        finite = np.isfinite(store.features_NRF[start : start + _BLOCK])
        hold_all(finite, ids[start : start + _BLOCK], path, "finite features")
