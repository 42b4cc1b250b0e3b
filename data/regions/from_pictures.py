"""Region features from plain pictures, where no detector's files are at hand: annotated boxes, and a grid.

A backbone makes them. Those of one that asks for it (pixels) are standardised per dimension with the mean and deviation
over pictures of the train split, and limited to six deviations. Legend: R regions of one image, F features of a region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from data import backbones, shards
from data.backbones import BackboneSettings, View
from data.errors import UserError
from data.images import ImageTable, load
from data.progress import Progress
from data.records import Rejection
from data.regions import pictures
from data.regions.annotations import AnnotatedImages, gather
from data.regions.counts import write_counts
from data.regions.features import as_float16, features_of, width_of, workplace_of
from data.regions.layout import Annotations, regions_of
from data.regions.store import RegionRow, lay_out_store, write_rows, write_vocabularies
from data.rejects import RejectLog
from data.row_ranges import RowFile, RowRanges
from data.schema import FEATURE_SIZE, NUM_REGIONS
from data.shards import Finished, Summaries, Workplace
from data.sources import SourceFiles

MAX_DEVIATIONS = 6.0
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class PictureSettings:
    """How pictures become regions. An image without a picture is no error unless `max_rejected_rate` says so.

    `max_labels` bounds each vocabulary; statistics come from the first `num_statistics_images` of the train split.
    """

    images_per_shard: int
    backbone: BackboneSettings = field(default_factory=BackboneSettings)
    grid_label: str = "background"
    max_labels: int = 1600
    num_statistics_images: int = 2000
    max_rejected_rate: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Picture:
    """One picture of the table that lies in a folder; the size is the listed one, else its own."""

    image_id: str
    path: Path
    size_px: tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """One picture, and where to look at it."""

    picture: _Picture
    regions: Annotations

    @property
    def view(self) -> View:
        """That, as a backbone takes it."""
        return View(path=self.picture.path, size_px=self.picture.size_px, boxes_R4=self.regions.boxes_A4)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shard:
    """Consecutive rows of the store, and the pictures that they are made from."""

    file: RowFile
    rows: range
    jobs: Sequence[_Job]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scale:
    """What standardises features: (F,) each."""

    mean_F: NDArray[np.float64]
    deviation_F: NDArray[np.float64]

    def standardised(self, features_RF: NDArray[np.float32]) -> NDArray[np.float16]:
        """Features in deviations from the mean."""
        standard_RF = (features_RF - self.mean_F) / self.deviation_F
        return np.clip(standard_RF, -MAX_DEVIATIONS, MAX_DEVIATIONS).astype(np.float16)


def build(
    files: SourceFiles, *, images: Path, settings: PictureSettings, into: Path, progress: Progress, workplace: Workplace
) -> None:
    """Write regions.h5 with its vocabularies, counts.json and rejected.parquet into the folder `into`.

    One row for every image of the table `images` whose picture lies anywhere below a folder of pictures and can be
    decoded; the others are rejected. Pictures of the user's own that no file lists have no regions, and are not meant.
    """
    looking = workplace_of(settings.backbone, workplace)
    width = width_of(settings.backbone, looking)
    table = load(images).listed()
    log = RejectLog()
    in_shards = _InShards(num_images=settings.images_per_shard, workplace=workplace, progress=progress)
    found = _found(files, table, log, in_shards)
    log.check(num_read=len(table.image_ids), max_rate=settings.max_rejected_rate, corpus="RegionFeatures")
    if not found:
        raise _no_pictures()
    image_ids = [picture.image_id for picture in found]
    annotated = gather(
        files,
        table,
        sizes_px={picture.image_id: picture.size_px for picture in found},
        grid_label=settings.grid_label,
        max_labels=settings.max_labels,
        reject=log.add,
    )
    jobs = list(_jobs(found, annotated, grid_label=settings.grid_label))
    scale = None
    if backbones.backbone(settings.backbone.name).is_standardised:
        scale = _scale(_for_statistics(jobs, table, settings), settings.backbone, in_shards)
    file = lay_out_store(workplace.scratch, image_ids)
    ranges = shards.ranges(len(jobs), settings.images_per_shard)
    items = {name: _Shard(file=file, rows=rows, jobs=jobs[rows.start : rows.stop]) for name, rows in ranges.items()}
    shelf = RowRanges(workplace=workplace, file=file, ranges=ranges)
    fill = partial(_fill, backbone=settings.backbone, scale=scale)
    rows = shards.build("regions", items, fill, shelf=shelf, workplace=looking, progress=progress)
    shards.publish({"regions": (shelf, rows)}, into)
    write_vocabularies(into, object_names=annotated.object_names, attribute_names=annotated.attribute_names)
    num_read = len(jobs) + annotated.num_read + sum(log.counts.values())
    write_counts(into, image_ids, table, log, num_read=num_read, notes=_notes(jobs, annotated, width))


@dataclass(frozen=True, kw_only=True)
class _InShards:
    """What is asked of many pictures before the store is filled: a list at a time, each answer kept in the ledger."""

    num_images: int
    workplace: Workplace
    progress: Progress

    def answers(self, group: str, items: Sequence[Item], ask: Callable[[Sequence[Item]], Any]) -> list[Any]:
        """The answer, as JSON, to each list of items, in order; the first tenth of all progress."""
        ranges = shards.ranges(len(items), self.num_images)
        lists = {name: items[rows.start : rows.stop] for name, rows in ranges.items()}
        finished = shards.build(
            group,
            lists,
            partial(_answer, ask=ask),
            shelf=Summaries(),
            workplace=self.workplace,
            progress=lambda share, message: self.progress(share / 10, message),
        )
        return [shard.summary for shard in finished.values()]


def _answer(items: Sequence[Item], *, ask: Callable[[Sequence[Item]], Any]) -> Finished:
    return Finished(digest="", summary=ask(items))


def _found(files: SourceFiles, table: ImageTable, log: RejectLog, in_shards: _InShards) -> list[_Picture]:
    """The pictures of the table that are there and can be decoded, by image id; the other images are rejected."""
    paths = pictures.find(files, table)
    for image_id in table.image_ids:
        if image_id not in paths:
            log.add(Rejection(source="images", record=image_id, field="file_name", reason="image without a picture"))
    image_ids = [image_id for image_id in table.image_ids if image_id in paths]
    looks = [(paths[image_id], table.size_px[image_id]) for image_id in image_ids]
    seen = [answer for answers in in_shards.answers("pictures", looks, _look_at_all) for answer in answers]
    usable: list[_Picture] = []
    for image_id, answer in zip(image_ids, seen, strict=True):
        if isinstance(answer, str):
            log.add(Rejection(source="images", record=image_id, field="picture", reason=answer))
        else:
            usable.append(_Picture(image_id=image_id, path=paths[image_id], size_px=(answer[0], answer[1])))
    return usable


def _jobs(found: Sequence[_Picture], annotated: AnnotatedImages, *, grid_label: str) -> Iterator[_Job]:
    background_id = annotated.object_names.index(grid_label)
    for picture in found:
        width_px, height_px = picture.size_px
        regions = regions_of(
            annotated.of(picture.image_id), width_px=width_px, height_px=height_px, background_id=background_id
        )
        yield _Job(picture=picture, regions=regions)


def _for_statistics(jobs: Sequence[_Job], table: ImageTable, settings: PictureSettings) -> list[_Job]:
    """Pictures of the train split, spread evenly over it: nothing held out may shape the features."""
    train = [job for job in jobs if table.split[job.picture.image_id] == "train"]
    if not train:
        raise _no_pictures()
    step = max(len(train) / settings.num_statistics_images, 1.0)
    return [train[int(number * step)] for number in range(int(len(train) / step))]


def _scale(jobs: Sequence[_Job], backbone: BackboneSettings, in_shards: _InShards) -> _Scale:
    """Mean and deviation of each feature. Sums of whole numbers below 2**53 are exact, in any order."""
    sums = in_shards.answers("statistics", jobs, partial(_sums, backbone=backbone))
    num_regions = sum(each["regions"] for each in sums)
    mean_F = np.sum([each["sum"] for each in sums], axis=0) / num_regions
    mean_square_F = np.sum([each["squares"] for each in sums], axis=0) / num_regions
    variance_F = np.maximum(mean_square_F - np.square(mean_F), 0)
    return _Scale(mean_F=mean_F, deviation_F=np.where(variance_F > 0, np.sqrt(variance_F), 1.0))


def _sums(jobs: Sequence[_Job], *, backbone: BackboneSettings) -> dict[str, Any]:
    """Regions, and of each feature the sum and the sum of squares."""
    sum_F, squares_F, num_regions = np.zeros(FEATURE_SIZE), np.zeros(FEATURE_SIZE), 0
    for features_RF in features_of([job.view for job in jobs], backbone):
        sum_F += features_RF.sum(axis=0, dtype=np.float64)
        squares_F += np.square(features_RF, dtype=np.float64).sum(axis=0)
        num_regions += len(features_RF)
    return {"regions": num_regions, "sum": sum_F.tolist(), "squares": squares_F.tolist()}


def _look_at_all(listed: Sequence[tuple[Path, tuple[int, int] | None]]) -> list[tuple[int, int] | str]:
    return [_look(each) for each in listed]


def _look(listed: tuple[Path, tuple[int, int] | None]) -> tuple[int, int] | str:
    """The size of a picture, the listed one where it is known; or why the picture cannot be used."""
    path, size_px = listed
    try:
        own_size_px = pictures.open_picture(path, size_px).size
    except pictures.PictureError as error:
        return str(error)
    return size_px or own_size_px


def _fill(shard: _Shard, *, backbone: BackboneSettings, scale: _Scale | None) -> Finished:
    """Write the rows of a shard."""
    features = features_of([job.view for job in shard.jobs], backbone)
    rows = (_row(job, features_RF, scale=scale) for job, features_RF in zip(shard.jobs, features, strict=True))
    return Finished(digest=write_rows(shard.file, shard.rows.start, rows))


def _row(job: _Job, features_RF: NDArray[np.float32], *, scale: _Scale | None) -> RegionRow:
    """The finished row of one picture; labels that somebody annotated have confidence 1."""
    regions = job.regions
    return RegionRow(
        image_id=job.picture.image_id,
        height_px=job.picture.size_px[1],
        width_px=job.picture.size_px[0],
        boxes_R4=regions.boxes_A4,
        object_ids_R=regions.object_ids_A,
        object_conf_R=np.ones(len(regions.object_ids_A), np.float32),
        attribute_ids_R=regions.attribute_ids_A,
        attribute_conf_R=np.ones(len(regions.attribute_ids_A), np.float32),
        features_RF=as_float16(features_RF, job.picture.image_id) if scale is None else scale.standardised(features_RF),
    )


def _notes(jobs: Sequence[_Job], annotated: AnnotatedImages, width: int) -> dict[str, float]:
    num_annotated = [len(annotated.of(job.picture.image_id).boxes_A4) for job in jobs]
    return {
        "annotated boxes": sum(num_annotated),
        "annotated boxes that lie outside their picture": annotated.num_outside,
        "annotated boxes beyond the 36 largest of their picture": sum(max(n - NUM_REGIONS, 0) for n in num_annotated),
        "share of regions from a grid": sum(max(NUM_REGIONS - n, 0) for n in num_annotated) / NUM_REGIONS / len(jobs),
        **({} if width == FEATURE_SIZE else {"features of the backbone; the others are zeros": width}),
    }


def _no_pictures() -> UserError:
    return UserError(
        expected="pictures of the images of the train split, under the file names that the annotations give",
        found="none that can be used",
        where="the folders of pictures under [sources] in luigi.cfg, such as coco_images",
        way_out="correct the folders, or set obj36 to a detector's files instead",
    )
