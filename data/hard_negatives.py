"""For each image the images that look most like it: the wrong answers that teach image-text matching most.

As ViLBERT's pool (nearest by mean-pooled region features), but by cosine, within a split and a pool, without the image
itself or another image of its group.
Legend: N images, M images of a split and pool, B images of a block, K neighbours, F features.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from data import images as image_table
from data.images import ImageTable
from data.progress import Progress
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.schema import FEATURE_SIZE, SPLITS
from data.writers import write_json

FILE_NAME = "hard_negatives.h5"
_BLOCK = 256  # images
# Twice the largest error of a float32 product of two vectors of length 1, in whatever order the machine sums.
_ROUNDING = np.float32(2 * FEATURE_SIZE * 2.0**-24)


@dataclass(frozen=True, kw_only=True)
class HardNegativeSettings:
    """How many neighbours of each image to keep."""

    num_negatives: int = 100


@dataclass(frozen=True, kw_only=True)
class HardNegatives:
    """Neighbours are rows of `image_ids`, most similar first; -1 (with score 0) where there are fewer than K."""

    image_ids: NDArray[np.str_]
    neighbours_NK: NDArray[np.int32]
    scores_NK: NDArray[np.float32]


def load(folder: Path) -> HardNegatives:
    """The index in `folder`, as `build` wrote it."""
    with h5py.File(folder / FILE_NAME, "r") as file:
        return HardNegatives(
            image_ids=np.char.decode(file["image_ids"][...], "utf-8"),
            neighbours_NK=file["neighbours"][...],
            scores_NK=file["scores"][...],
        )


def build(*, images: Path, regions: Path, settings: HardNegativeSettings, into: Path, progress: Progress) -> None:
    """Write hard_negatives.h5 and counts.json into the folder `into`: exact search, the same bytes on any machine."""
    table = image_table.load(images)
    store = RegionStore.open(regions / REGIONS_FILE)
    pooled_NF = _pooled(store, progress)
    found = HardNegatives(
        image_ids=store.image_ids,
        neighbours_NK=np.full((len(pooled_NF), settings.num_negatives), -1, np.int32),
        scores_NK=np.zeros((len(pooled_NF), settings.num_negatives), np.float32),
    )
    image_ids = store.image_ids.tolist()
    _, group_N = np.unique([table.group[image_id] for image_id in image_ids], return_inverse=True)
    among = [f"{table.split[image_id]} images of the pool {table.pool[image_id]}" for image_id in image_ids]
    names, among_N = np.unique(among, return_inverse=True)
    for number, name in enumerate(names.tolist()):
        _search(pooled_NF, group_N, np.flatnonzero(among_N == number), found)
        progress(0.2 + 0.8 * (number + 1) / len(names), f"neighbours of {name} found")
    _write(found, into)
    _write_counts(found, table, into)


def _pooled(store: RegionStore, progress: Progress) -> NDArray[np.float32]:
    """The mean feature of each image, (N, F), scaled to length 1; a mean of zero stays zero."""
    num_images, _, num_features = store.features_NRF.shape
    pooled_NF = np.zeros((num_images, num_features), np.float32)
    for start in range(0, num_images, _BLOCK):
        mean_BF = store.features_NRF[start : start + _BLOCK].mean(axis=1, dtype=np.float64)
        length_B1 = np.linalg.norm(mean_BF, axis=1, keepdims=True)
        pooled_NF[start : start + _BLOCK] = mean_BF / np.where(length_B1 > 0, length_B1, 1)
        progress(0.2 * start / num_images, "pooling features")
    return pooled_NF


def _search(
    pooled_NF: NDArray[np.float32], group_N: NDArray[np.intp], rows_M: NDArray[np.intp], found: HardNegatives
) -> None:
    """Fill in the neighbours of the images `rows_M` among themselves."""
    pooled_MF = pooled_NF[rows_M]
    num_kept = found.neighbours_NK.shape[1]
    for start in range(0, len(rows_M), _BLOCK):
        block_B = rows_M[start : start + _BLOCK]
        rough_BM = pooled_MF[start : start + _BLOCK] @ pooled_MF.T
        rough_BM[group_N[block_B][:, None] == group_N[rows_M][None, :]] = -np.inf
        for row, rough_M in zip(block_B, rough_BM, strict=True):
            candidates = rows_M[_candidates(rough_M, num_kept)]
            # Rounded to what is stored, so that ties are ties in the file too; the stable sort leaves them by image id.
            scores = (pooled_NF[candidates].astype(np.float64) * pooled_NF[row]).sum(axis=1).astype(np.float32)
            best = np.argsort(-scores, kind="stable")[:num_kept]
            found.neighbours_NK[row, : len(best)] = candidates[best]
            found.scores_NK[row, : len(best)] = scores[best]


def _candidates(rough_M: NDArray[np.float32], num_kept: int) -> NDArray[np.intp]:
    """Ascending positions of all that can be among the best `num_kept`, however the rough scores were rounded."""
    allowed = np.flatnonzero(np.isfinite(rough_M))
    if len(allowed) <= num_kept:
        return allowed
    last_kept = np.partition(rough_M[allowed], -num_kept)[-num_kept]
    return np.flatnonzero(rough_M >= last_kept - _ROUNDING)


def _write(found: HardNegatives, into: Path) -> None:
    columns: dict[str, NDArray[Any]] = {
        "image_ids": np.char.encode(found.image_ids, "utf-8").astype("S64"),
        "neighbours": found.neighbours_NK,
        "scores": found.scores_NK,
    }
    with h5py.File(into / FILE_NAME, "w") as file:
        for name, values in columns.items():
            file.create_dataset(name, data=values, track_times=False)


def _write_counts(found: HardNegatives, table: ImageTable, into: Path) -> None:
    images = Counter(table.split[image_id] for image_id in found.image_ids.tolist())
    counts = {split: images[split] for split in SPLITS}
    num_found_N = (found.neighbours_NK >= 0).sum(axis=1)
    nearest = found.scores_NK[num_found_N > 0, 0]
    notes = {
        "images with fewer neighbours than asked for": int((num_found_N < found.neighbours_NK.shape[1]).sum()),
        "images without a neighbour": int((num_found_N == 0).sum()),
        "mean cosine of the nearest": round(float(nearest.mean(dtype=np.float64)), 6) if len(nearest) else None,
    }
    write_json(
        into / "counts.json",
        {"rows": counts, "images": counts, "read": len(found.image_ids), "rejected": {}, "notes": notes},
    )
