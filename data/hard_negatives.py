"""For each image the images that look most like it: the wrong answers that teach image-text matching most.

As ViLBERT's pool (nearest by mean-pooled region features), but by cosine, within a split and a pool, without the image
itself or another image of its group.
Legend: N images, M images of a split and pool, S images of a shard, B images of a block, K neighbours, F features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from data import images as image_table
from data import shards
from data.images import ImageTable
from data.progress import Progress
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.row_ranges import Column, RowFile, RowRanges, lay_out
from data.schema import FEATURE_SIZE, SPLITS
from data.shards import Finished, Workplace
from data.writers import write_json

FILE_NAME = "hard_negatives.h5"
_BLOCK = 256  # images
# Twice the largest error of a float32 product of two vectors of length 1, in whatever order the machine sums.
_ROUNDING = np.float32(2 * FEATURE_SIZE * 2.0**-24)


@dataclass(frozen=True, kw_only=True)
class HardNegativeSettings:
    """How many neighbours of each image to keep, and how many images make a shard."""

    images_per_shard: int
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


def build(
    *,
    images: Path,
    regions: Path,
    settings: HardNegativeSettings,
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write hard_negatives.h5 and counts.json into the folder `into`: exact search, the same bytes on any machine."""
    store = RegionStore.open(regions / REGIONS_FILE)
    ids = np.char.encode(store.image_ids, "utf-8").astype("S64")
    ranges = shards.ranges(len(ids), settings.images_per_shard)
    pooled = _pooled(regions, ranges, len(ids), progress=progress, workplace=workplace)
    columns = {
        "neighbours": Column(shape=(settings.num_negatives,), dtype="<i4"),
        "scores": Column(shape=(settings.num_negatives,), dtype="<f4"),
    }
    file = lay_out(workplace.scratch / FILE_NAME, num_rows=len(ids), columns=columns, fixed={"image_ids": ids})
    shelf = RowRanges(workplace=workplace, file=file, ranges=ranges)
    items = {name: _Shard(file=file, rows=rows) for name, rows in ranges.items()}
    search = partial(_search_shard, pooled=pooled, images=images, regions=regions)
    found = shards.build("neighbours", items, search, shelf=shelf, workplace=workplace, progress=progress)
    shards.publish({"neighbours": (shelf, found)}, into)
    _write_counts(load(into), image_table.load(images), into)


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """Consecutive rows of a file that are to be written."""

    file: RowFile
    rows: range


def _pooled(
    regions: Path, ranges: Mapping[str, range], num_images: int, *, progress: Progress, workplace: Workplace
) -> RowFile:
    """The mean feature of each image, scaled to length 1, in a file that is not published: the column `pooled`."""
    columns = {"pooled": Column(shape=(FEATURE_SIZE,), dtype="<f4")}
    file = lay_out(workplace.scratch / "pooled.h5", num_rows=num_images, columns=columns, fixed={})
    items = {name: _Shard(file=file, rows=rows) for name, rows in ranges.items()}
    shards.build(
        "pooled",
        items,
        partial(_pool_shard, regions=regions),
        shelf=RowRanges(workplace=workplace, file=file, ranges=ranges),
        workplace=workplace,
        progress=lambda share, message: progress(0.2 * share, message),
    )
    return file


def _pool_shard(shard: _Shard, *, regions: Path) -> Finished:
    """A mean of zero stays zero."""
    features_NRF = RegionStore.open(regions / REGIONS_FILE).features_NRF
    for start in range(shard.rows.start, shard.rows.stop, _BLOCK):
        mean_BF = features_NRF[start : min(start + _BLOCK, shard.rows.stop)].mean(axis=1, dtype=np.float64)
        length_B1 = np.linalg.norm(mean_BF, axis=1, keepdims=True)
        shard.file.write(start, {"pooled": mean_BF / np.where(length_B1 > 0, length_B1, 1)})
    shard.file.sync()
    return Finished(digest=shard.file.digest(shard.rows))


def _search_shard(shard: _Shard, *, pooled: RowFile, images: Path, regions: Path) -> Finished:
    """The neighbours of some images among all that they may be compared with; -1 (score 0) where there are too few."""
    table = image_table.load(images)
    image_ids = RegionStore.open(regions / REGIONS_FILE).image_ids.tolist()
    _, group_N = np.unique([table.group[image_id] for image_id in image_ids], return_inverse=True)
    _, among_N = np.unique([(table.split[name], table.pool[name]) for name in image_ids], axis=0, return_inverse=True)
    pooled_NF = pooled.read("pooled")
    num_kept = shard.file.columns["neighbours"].shape[0]
    found = _Found(
        neighbours_SK=np.full((len(shard.rows), num_kept), -1, np.int32),
        scores_SK=np.zeros((len(shard.rows), num_kept), np.float32),
    )
    wanted_S = np.arange(shard.rows.start, shard.rows.stop)
    for number in np.unique(among_N[wanted_S]):
        rows_M = np.flatnonzero(among_N == number)
        _search(pooled_NF, group_N, rows_M, wanted_S[among_N[wanted_S] == number], shard.rows.start, found)
    shard.file.write(shard.rows.start, {"neighbours": found.neighbours_SK, "scores": found.scores_SK})
    shard.file.sync()
    return Finished(digest=shard.file.digest(shard.rows))


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Neighbours and scores of the images of a shard."""

    neighbours_SK: NDArray[np.int32]
    scores_SK: NDArray[np.float32]


def _search(
    pooled_NF: NDArray[np.float32],
    group_N: NDArray[np.intp],
    rows_M: NDArray[np.intp],
    wanted: NDArray[np.intp],
    first: int,
    found: _Found,
) -> None:
    """Fill in the neighbours of the images `wanted` among `rows_M`; the image of row `first` is the shard's first."""
    pooled_MF = pooled_NF[rows_M]
    num_kept = found.neighbours_SK.shape[1]
    for start in range(0, len(wanted), _BLOCK):
        block_B = wanted[start : start + _BLOCK]
        rough_BM = pooled_NF[block_B] @ pooled_MF.T
        rough_BM[group_N[block_B][:, None] == group_N[rows_M][None, :]] = -np.inf
        for row, rough_M in zip(block_B, rough_BM, strict=True):
            candidates = rows_M[_candidates(rough_M, num_kept)]
            # Rounded to what is stored, so that ties are ties in the file too; the stable sort leaves them by image id.
            scores = (pooled_NF[candidates].astype(np.float64) * pooled_NF[row]).sum(axis=1).astype(np.float32)
            best = np.argsort(-scores, kind="stable")[:num_kept]
            found.neighbours_SK[row - first, : len(best)] = candidates[best]
            found.scores_SK[row - first, : len(best)] = scores[best]


def _candidates(rough_M: NDArray[np.float32], num_kept: int) -> NDArray[np.intp]:
    """Ascending positions of all that can be among the best `num_kept`, however the rough scores were rounded."""
    allowed = np.flatnonzero(np.isfinite(rough_M))
    if len(allowed) <= num_kept:
        return allowed
    last_kept = np.partition(rough_M[allowed], -num_kept)[-num_kept]
    return np.flatnonzero(rough_M >= last_kept - _ROUNDING)


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
