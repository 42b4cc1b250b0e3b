"""For each image the images that look (or read) most like it: the wrong answers that teach image-text matching most.

Within a split and a pool, exactly, without the image itself or a duplicate of it: another image of its group, or the
same photograph under another id. Legend: N images, M of one split and pool, S of a shard, B of a block, K neighbours.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from data import given_negatives, image_vectors, shards, workers
from data import images as image_table
from data.errors import UserError
from data.given_negatives import GivenSearch
from data.image_vectors import ImageVectors, PooledFeatures
from data.images import ImageTable
from data.negative_pools import Plan, Pool, PoolSearch, Search, SearchOn, plan_of
from data.progress import Progress
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.rejects import RejectLog
from data.row_ranges import Column, RowFile, RowRanges, lay_out
from data.schema import REJECTED, SPLITS
from data.shards import Finished, Workplace
from data.sources import SourceFiles
from data.writers import write_json, write_parquet

FILE_NAME = "hard_negatives.h5"
_BLOCK = 256  # images


@dataclass(frozen=True, kw_only=True)
class HardNegativeSettings:
    """How many neighbours of each image to keep, how many images make a shard, and what makes images alike.

    A given pool may list `max_rejected_rate` of images that are not there.
    """

    images_per_shard: int
    num_negatives: int = 100
    pool: Pool = "cosine"
    max_rejected_rate: float = 0.05


@dataclass(frozen=True, kw_only=True)
class HardNegatives:
    """Neighbours are rows of `image_ids`, most similar first; -1 (with score 0) where there are fewer than K.

    A score is a cosine, or in ViLBERT's pool the distance with a minus. In a given pool neighbours are in the order of
    their file, and each score is NaN: nobody says how much alike they are.
    """

    image_ids: NDArray[np.str_]
    neighbours_NK: NDArray[np.int32]
    scores_NK: NDArray[np.float64]
    pool: Pool = "cosine"

    @property
    def has_itself(self) -> bool:
        """Whether the first neighbour of an image is the image itself."""
        return self.pool == "vilbert"


def load(folder: Path) -> HardNegatives:
    """The index in `folder`, as `build` wrote it."""
    with h5py.File(folder / FILE_NAME, "r") as file:
        return HardNegatives(
            image_ids=np.char.decode(file["image_ids"][...], "utf-8"),
            neighbours_NK=file["neighbours"][...],
            scores_NK=file["scores"][...],
            pool=file["pool"][()].decode() if "pool" in file else "cosine",
        )


def build(
    *,
    images: Path,
    regions: Path,
    captions: Path | None = None,
    given: SourceFiles | None = None,
    settings: HardNegativeSettings,
    search_on: SearchOn = "cpu",
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write hard_negatives.h5 and counts.json into the folder `into`: the same bytes on any machine.

    `captions` is the result of SentenceCorpus, which the pool of that name needs. `given` are the files of a given
    pool, which leaves rejected.parquet, too.
    """
    image_ids = RegionStore.open(regions / REGIONS_FILE).image_ids.tolist()
    table = image_table.load(images)
    plan = plan_of(image_ids, table)
    if settings.pool == "given":
        prepared = _given(given or {}, plan, table, settings, progress=progress, workplace=workplace)
        write_parquet(into / "rejected.parquet", prepared.log.table(), REJECTED)
    else:
        made = _vectors(settings.pool, regions, captions)
        prepared = _compared(made, plan, settings, search_on, progress=progress, workplace=workplace)
    columns = {
        "neighbours": Column(shape=(settings.num_negatives,), dtype="<i4"),
        "scores": Column(shape=(settings.num_negatives,), dtype="<f8"),
    }
    fixed = {"image_ids": np.char.encode(plan.image_ids, "utf-8").astype("S64"), "pool": np.array(settings.pool, "S16")}
    file = lay_out(workplace.scratch / FILE_NAME, num_rows=len(image_ids), columns=columns, fixed=fixed)
    ranges = shards.ranges(len(image_ids), settings.images_per_shard)
    shelf = RowRanges(workplace=workplace, file=file, ranges=ranges)
    items = {name: _Shard(file=file, rows=rows) for name, rows in ranges.items()}
    work = partial(_search_shard, search=prepared.search)
    if search_on == "gpu":  # one process, and never this one, has the GPU
        workplace = dataclasses.replace(workplace, num_workers=1, executor=workers.spawned)
    found = shards.build("neighbours", items, work, shelf=shelf, workplace=workplace, progress=progress)
    shards.publish({"neighbours": (shelf, found)}, into)
    _write_counts(load(into), table, prepared, into)


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """What was made ready before the shards: how neighbours are found, and what there is to be said of it."""

    search: Search
    notes: Mapping[str, int]
    num_read: int
    log: RejectLog = field(default_factory=RejectLog)


def _given(
    files: SourceFiles,
    plan: Plan,
    table: ImageTable,
    settings: HardNegativeSettings,
    *,
    progress: Progress,
    workplace: Workplace,
) -> _Prepared:
    """The neighbours that the user's files list, in a file that is not published: the column `neighbours`."""
    given = given_negatives.gather(files, plan, table, num_kept=settings.num_negatives, progress=progress)
    given.log.check(num_read=given.num_read, max_rate=settings.max_rejected_rate, corpus="HardNegatives")
    columns = {"neighbours": Column(shape=(settings.num_negatives,), dtype="<i4")}
    file = lay_out(workplace.scratch / "given.h5", num_rows=len(plan.image_ids), columns=columns, fixed={})
    file.write(0, {"neighbours": given.neighbours_NK})
    return _Prepared(search=GivenSearch(file=file), notes=given.notes(), num_read=given.num_read, log=given.log)


def _compared(
    made: ImageVectors,
    plan: Plan,
    settings: HardNegativeSettings,
    search_on: SearchOn,
    *,
    progress: Progress,
    workplace: Workplace,
) -> _Prepared:
    """The vectors by which images are compared, ready to be searched."""
    file = _vectors_file(made, plan, settings, progress=progress, workplace=workplace)
    vectors_NF = file.read("vectors")
    blocks = (vectors_NF[start : start + _BLOCK] for start in range(0, len(vectors_NF), _BLOCK))
    num_zero = sum(int((~block_BF.any(axis=1)).sum()) for block_BF in blocks)
    return _Prepared(
        search=PoolSearch(plan=plan, vectors=file, pool=settings.pool, search_on=search_on),
        notes={"images of which nothing is known to compare them by": num_zero},
        num_read=len(plan.image_ids),
    )


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """Consecutive rows of a file that are to be written."""

    file: RowFile
    rows: range


def _vectors(pool: Pool, regions: Path, captions: Path | None) -> ImageVectors:
    if pool != "captions":
        return PooledFeatures(regions=regions, is_comparable=pool == "cosine")
    if captions is None:
        raise UserError(
            expected="captions to compare images by",
            found="none",
            where="[HardNegatives] pool = captions",
            way_out="set a source of captions, or compare by features: pool = cosine",
        )
    return image_vectors.caption_words(captions)


def _vectors_file(
    vectors: ImageVectors, plan: Plan, settings: HardNegativeSettings, *, progress: Progress, workplace: Workplace
) -> RowFile:
    """The vectors in the order of the plan, in a file that is not published: the column `vectors`."""
    columns = {"vectors": Column(shape=(vectors.size,), dtype="<f4")}
    file = lay_out(workplace.scratch / "vectors.h5", num_rows=len(plan.row_N), columns=columns, fixed={})
    ranges = shards.ranges(len(plan.row_N), settings.images_per_shard)
    shards.build(
        "vectors",
        {name: _Shard(file=file, rows=rows) for name, rows in ranges.items()},
        partial(_make_vectors, vectors=vectors, plan=plan),
        shelf=RowRanges(workplace=workplace, file=file, ranges=ranges),
        workplace=workplace,
        progress=lambda share, message: progress(0.2 * share, message),
    )
    return file


def _make_vectors(shard: _Shard, *, vectors: ImageVectors, plan: Plan) -> Finished:
    image_ids = plan.image_ids[plan.row_N[shard.rows.start : shard.rows.stop]].tolist()
    start = shard.rows.start
    for vectors_BF in vectors.blocks(image_ids):
        shard.file.write(start, {"vectors": vectors_BF})
        start += len(vectors_BF)
    return Finished(digest=shard.file.seal(shard.rows))


def _search_shard(shard: _Shard, *, search: Search) -> Finished:
    found = search.neighbours(shard.rows, num_kept=shard.file.columns["neighbours"].shape[0])
    shard.file.write(shard.rows.start, {"neighbours": found.places_QK, "scores": found.scores_QK})
    return Finished(digest=shard.file.seal(shard.rows))


def _write_counts(found: HardNegatives, table: ImageTable, prepared: _Prepared, into: Path) -> None:
    images = Counter(table.split[image_id] for image_id in found.image_ids.tolist())
    counts = {split: images[split] for split in SPLITS}
    write_json(
        into / "counts.json",
        {
            "rows": counts,
            "images": counts,
            "read": prepared.num_read,
            "rejected": dict(prepared.log.counts),
            "notes": {**dict(_notes(found, table)), **prepared.notes},
        },
    )


def _notes(found: HardNegatives, table: ImageTable) -> Iterator[tuple[str, float | None]]:
    """What there is beside the counts: whom training gives a random image for want of a hard one, above all."""
    neighbours_NK, scores_NK = found.neighbours_NK, found.scores_NK
    if found.has_itself:
        neighbours_NK, scores_NK = neighbours_NK[:, 1:], scores_NK[:, 1:]
    num_found_N = (neighbours_NK >= 0).sum(axis=1)
    is_training_N = np.array([table.split[image_id] == "train" for image_id in found.image_ids.tolist()], bool)
    yield "images with fewer neighbours than asked for", int((num_found_N < neighbours_NK.shape[1]).sum())
    yield "images without a neighbour", int((num_found_N == 0).sum())
    yield (
        "training images that get a random image for want of a neighbour",
        int(((num_found_N == 0) & is_training_N).sum()),
    )
    if found.pool == "given":
        return
    best = scores_NK[num_found_N > 0, :1]
    what = "mean distance of the nearest" if found.has_itself else "mean cosine of the nearest"
    yield what, round(abs(float(best.mean(dtype=np.float64))), 6) if best.size else None
