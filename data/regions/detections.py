"""Region features as a detector's files give them, in the region store: exactly 36 regions an image.

The files are read twice: first to know which images there will be and where their regions lie, a shard a file; then
each shard of the store fetches its own. Memory does not grow with them.
Legend: R regions of one image, F features of a region, 4 box corners.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import shards
from data.errors import SourceError, UserError
from data.images import ImageTable, load
from data.progress import Progress
from data.records import Place, RegionReader, RegionRecord, Reject, Rejection
from data.regions.counts import write_counts
from data.regions.store import FLOAT16_MAX, RegionRow, lay_out_store, write_rows, write_vocabularies
from data.rejects import RejectLog
from data.row_ranges import RowFile, RowRanges
from data.schema import NUM_REGIONS
from data.shards import Finished, Summaries, Workplace
from data.sources import SourceFiles, all_sources, only_file, that_give
from data.sources.fields import RecordError

TOLERANCE = 1e-5  # of a box's side or a confidence beyond [0, 1]: what rounding to float32 does


@dataclass(frozen=True, kw_only=True)
class DetectionSettings:
    """`max_rejected_rate` in [0, 1]: the share of images that may be left out before it is an error."""

    images_per_shard: int
    max_rejected_rate: float = 0.05


def build(
    files: SourceFiles,
    *,
    images: Path,
    settings: DetectionSettings,
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write regions.h5 with its vocabularies, counts.json and rejected.parquet into the folder `into`.

    An image with more than 36 regions keeps the 36 of highest object confidence, highest first; with fewer it is
    rejected, as is one that is not in the table `images` or has a value out of range. The first of several rows of one
    image wins.
    """
    names = {
        "object_names": _labels(files, "object_vocabulary"),
        "attribute_names": _labels(files, "attribute_vocabulary"),
    }
    reader = _Reader(
        images=images,
        object_id_of={name: number for number, name in enumerate(names["object_names"])},
        num_attributes=len(names["attribute_names"]),
    )
    log = RejectLog()
    places = _places(_given(files), reader, log, progress=progress, workplace=workplace)
    num_read = len(places) + sum(log.counts.values())
    log.check(num_read=num_read, max_rate=settings.max_rejected_rate, corpus="RegionFeatures")
    if not places:
        raise _nothing_to_read()
    image_ids = sorted(places)
    file = lay_out_store(workplace.scratch, image_ids)
    ranges = shards.ranges(len(image_ids), settings.images_per_shard)
    items = {
        name: _Shard(
            file=file, rows=rows, places=tuple(places[image_id] for image_id in image_ids[rows.start : rows.stop])
        )
        for name, rows in ranges.items()
    }
    shelf = RowRanges(workplace=workplace, file=file, ranges=ranges)
    fill = partial(_fill, reader=reader)
    rows = shards.build("regions", items, fill, shelf=shelf, workplace=workplace, progress=progress)
    shards.publish({"regions": (shelf, rows)}, into)
    write_vocabularies(into, **names)
    write_counts(into, image_ids, load(images), log, num_read=num_read, notes={"regions an image": NUM_REGIONS})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Given:
    """One file or folder of a source that gives regions."""

    source: str
    path: Path

    def reader(self) -> RegionReader:
        """How its source finds and fetches regions."""
        reader = all_sources()[self.source].regions
        assert reader is not None, f"{self.source} gives regions, and no way to fetch them"
        return reader


def _given(files: SourceFiles) -> list[_Given]:
    """All of them, by the name of the source and in the order in which the user names them."""
    return [_Given(source=name, path=path) for name in that_give("regions") for path in files.get(name, ())]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where the regions of an image lie."""

    image_id: str
    file: _Given
    place: Place


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """Consecutive rows of the store, and where what they are made from lies."""

    file: RowFile
    rows: range
    places: tuple[_Place, ...]


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Makes a row of the store of a record of the files; can be sent to workers."""

    images: Path
    object_id_of: Mapping[str, int]
    num_attributes: int

    def row(self, record: RegionRecord, table: ImageTable) -> RegionRow:
        """The row. Raises RecordError where none can be made."""
        image_id = table.canonical.get(record.image_id)
        if image_id is None:
            raise RecordError("img_id", "image not in the image table")
        if len(record.object_conf_R) < NUM_REGIONS:
            raise RecordError("num_boxes", f"fewer than {NUM_REGIONS} boxes")
        kept_R = _kept(record.object_conf_R)
        return RegionRow(
            image_id=image_id,
            height_px=record.height_px,
            width_px=record.width_px,
            boxes_R4=_shares_of_image(record)[kept_R],
            object_ids_R=_ids(self._objects(record)[kept_R], "objects_id", len(self.object_id_of)),
            object_conf_R=_within_0_and_1(record.object_conf_R[kept_R], "objects_conf"),
            attribute_ids_R=_ids(record.attribute_ids_R[kept_R], "attrs_id", self.num_attributes),
            attribute_conf_R=_within_0_and_1(record.attribute_conf_R[kept_R], "attrs_conf"),
            features_RF=_half(record.features_RF[kept_R]),
        )

    def _objects(self, record: RegionRecord) -> NDArray[np.int64]:
        """The ids of what the regions show; -1 for a name that is not in the vocabulary."""
        if record.object_names is None:
            return record.object_ids_R
        return np.array([self.object_id_of.get(name or "", -1) for name in record.object_names], np.int64)


def _places(
    given: Iterable[_Given], reader: _Reader, log: RejectLog, *, progress: Progress, workplace: Workplace
) -> dict[str, _Place]:
    """Where the first regions of each usable image lie, in the order of the files; all others are rejected."""
    items = {shards.part_name(number): file for number, file in enumerate(given)}
    find = partial(_find, reader=reader)
    found = shards.build("lines", items, find, shelf=Summaries(), workplace=workplace, progress=_first_half(progress))
    places: dict[str, _Place] = {}
    for name, file in items.items():
        for line in found[name].summary:
            if "reason" in line:
                log.add(Rejection(**line))
            elif line["image_id"] in places:
                _reject(log.add, line["named"], RecordError("img_id", "image listed before"))
            else:
                places[line["image_id"]] = _Place(image_id=line["image_id"], file=file, place=line["place"])
    return places


def _find(file: _Given, *, reader: _Reader) -> Finished:
    """What the records of a file are worth, in their order: the image and its place, or the rejection."""
    table = load(reader.images)
    lines: list[dict[str, Any]] = []

    def reject(rejection: Rejection) -> None:
        lines.append(asdict(rejection))

    for place, record in file.reader().located(file.path, reject):
        try:
            image_id = reader.row(record, table).image_id
        except RecordError as bad:
            _reject(reject, record.image_id, bad)
        else:
            lines.append({"image_id": image_id, "named": record.image_id, "place": place})
    return Finished(digest="", summary=lines)


def _fill(shard: _Shard, *, reader: _Reader) -> Finished:
    """Write the rows of a shard."""
    write_rows(shard.file, shard.rows.start, _rows(shard.places, reader))
    return Finished(digest=shard.file.digest(shard.rows))


def _rows(places: Sequence[_Place], reader: _Reader) -> Iterator[RegionRow]:
    """The rows that the records at these places make. Raises SourceError where another image is there by now."""
    table = load(reader.images)
    for place, record in zip(places, _records(places), strict=True):
        try:
            row = reader.row(record, table)
        except RecordError as bad:
            raise _changed(place, f"{bad.field}: {bad.reason}") from bad
        if row.image_id != place.image_id:
            raise _changed(place, row.image_id)
        yield row


def _records(places: Sequence[_Place]) -> Iterator[RegionRecord]:
    """The records at these places, in this order."""
    readers = {
        file: file.reader().at(file.path, [place.place for place in places if place.file == file])
        for file in {place.file for place in places}
    }
    for place in places:
        yield next(readers[place.file])


def _reject(reject: Reject, image_id: str, bad: RecordError) -> None:
    reject(Rejection(source="regions", record=image_id, field=bad.field, reason=bad.reason))


def _first_half(progress: Progress) -> Progress:
    return lambda share, message: progress(share / 2, message)


def _kept(object_conf_R: NDArray[np.float32]) -> NDArray[np.intp] | slice:
    """All regions where there are exactly 36, in their order; else the 36 most confident, ties in their order."""
    if len(object_conf_R) == NUM_REGIONS:
        return slice(None)
    order_R: NDArray[np.intp] = np.argsort(-object_conf_R, kind="stable")
    return order_R[:NUM_REGIONS]


def _shares_of_image(record: RegionRecord) -> NDArray[np.float32]:
    sides_4 = np.array([record.width_px, record.height_px] * 2, np.float64)
    boxes_R4 = _within_0_and_1(record.boxes_R4 / sides_4, "boxes")
    if (boxes_R4[:, :2] > boxes_R4[:, 2:]).any():
        raise RecordError("boxes", "box whose corners are swapped")
    return boxes_R4


def _within_0_and_1(values: NDArray[Any], field: str) -> NDArray[np.float32]:
    if values.min() < -TOLERANCE or values.max() > 1 + TOLERANCE:
        raise RecordError(field, "outside [0, 1]" if field != "boxes" else "box outside the image")
    clipped: NDArray[np.float32] = np.clip(values, 0, 1).astype(np.float32)
    return clipped


def _ids(ids_R: NDArray[np.int64], field: str, num_labels: int) -> NDArray[np.int16]:
    if ids_R.min() < -1 or ids_R.max() >= num_labels:
        raise RecordError(field, f"id outside the {num_labels} labels of the vocabulary")
    return ids_R.astype(np.int16)


def _half(features_RF: NDArray[np.float32]) -> NDArray[np.float16]:
    if np.abs(features_RF).max() > FLOAT16_MAX:
        raise RecordError("features", "feature too large for float16")
    return features_RF.astype(np.float16)


def _labels(files: SourceFiles, source: str) -> list[str]:
    return list(all_sources()[source].reads["labels"](only_file(files, source), _no_rejects))


def _no_rejects(rejection: Rejection) -> None:
    raise AssertionError(f"a list of labels rejects nothing: {rejection}")


def _nothing_to_read() -> UserError:
    return UserError(
        expected="at least one image with regions in the detector's files",
        found="none",
        where=f"[sources] {', '.join(that_give('regions'))} in luigi.cfg",
        way_out="set one to the detector's files of the images that the annotations list",
    )


def _changed(place: _Place, found: str) -> SourceError:
    return SourceError(
        expected=f"the regions of {place.image_id}, as in the first reading",
        found=found,
        where=f"{place.file.path}, {place.place}",
        way_out="leave the files alone while they are read, and give the command again",
    )
