"""The contract of the region store. Features are read a block of images at a time, so memory stays flat."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from data import shards
from data.contracts.rules import hold, hold_all
from data.errors import ContractError
from data.regions.store import FILE_NAME, RegionStore, rows_of
from data.row_ranges import RowFile
from data.schema import FEATURE_SIZE, NUM_REGIONS

_BLOCK = 64  # images
_INFINITY = 0x7C00 << 1  # its bits without the sign; those of NaN are above


def check(folder: Path, *, images_per_shard: int, num_threads: int = 1) -> None:
    """Shapes, sorted ids, finite features, boxes in [0, 1] in order, labels within their vocabularies.

    Each shard is read back as it lies in the file, and has the digest that it had when it was written.
    """
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
    ranges = shards.ranges(num_images, images_per_shard)
    known = json.loads((folder / shards.FILE_NAME).read_text("utf-8"))["regions"]
    hold(known.keys() == ranges.keys(), path, f"{len(ranges)} shards", [], f"{len(known)}")
    digests = [known[name]["digest"] for name in ranges]
    with ThreadPoolExecutor(num_threads) as threads:  # digests are made, and files read, without Python's lock
        list(threads.map(partial(_check_shard, store, rows_of(path)), ranges.values(), digests))


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


def _check_shard(store: RegionStore, file: RowFile, rows: range, digest: str) -> None:
    if file.digest(rows) != digest:
        raise ContractError(
            expected=f"the rows {rows.start} to {rows.stop - 1} as they were written ({shards.FILE_NAME})",
            found="other bytes",
            where=str(file.path),
            way_out="look after the disk (multigrain doctor), and give the command again: what is whole is kept",
        )
    for start in range(rows.start, rows.stop, _BLOCK):
        block = slice(start, min(start + _BLOCK, rows.stop))
        features = store.features_NRF[block]
        if (features.view(np.uint16) << 1).max() >= _INFINITY:
            hold_all(np.isfinite(features), store.image_ids[block], file.path, "finite features")
