"""Region features as a detector's files give them: obj36 to the region store, exactly 36 regions an image.

The files are read twice, first to know which images there will be and then to write each to its row, so memory does
not grow with them. Legend: R regions of one image, F features of a region, 4 box corners.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import SourceError, UserError
from data.images import ImageTable, load
from data.progress import Progress
from data.records import RegionRecord, Reject, Rejection
from data.regions.counts import write_counts
from data.regions.store import FLOAT16_MAX, RegionRow, RegionStoreWriter
from data.rejects import RejectLog
from data.schema import NUM_REGIONS
from data.sources import SourceFiles, all_sources, only_file, read
from data.sources.fields import RecordError

TOLERANCE = 1e-5  # of a box's side or a confidence beyond [0, 1]: what rounding to float32 does


@dataclass(frozen=True, kw_only=True)
class DetectionSettings:
    """`max_rejected_rate` in [0, 1]: the share of images that may be left out before it is an error."""

    max_rejected_rate: float = 0.05


def build(files: SourceFiles, *, images: Path, settings: DetectionSettings, into: Path, progress: Progress) -> None:
    """Write regions.h5 with its vocabularies, counts.json and rejected.parquet into the folder `into`.

    An image with more than 36 regions keeps the 36 of highest object confidence, highest first; with fewer it is
    rejected, as is one that is not in the table `images` or has a value out of range. The first of several rows of one
    image wins.
    """
    table = load(images)
    names = [_labels(files, source) for source in ("object_vocabulary", "attribute_vocabulary")]
    reader = _Reader(files=files, table=table, num_objects=len(names[0]), num_attributes=len(names[1]))
    log = RejectLog()
    image_ids = []
    for row in reader.rows(log.add):
        image_ids.append(row.image_id)
        if len(image_ids) % 500 == 0:
            progress(0.0, f"{len(image_ids):,} images found")
    num_read = len(image_ids) + sum(log.counts.values())
    log.check(num_read=num_read, max_rate=settings.max_rejected_rate, corpus="RegionFeatures")
    if not image_ids:
        raise _nothing_to_read()
    with RegionStoreWriter(into, image_ids=image_ids, object_names=names[0], attribute_names=names[1]) as writer:
        for number, row in enumerate(reader.rows(_already_counted), start=1):
            if row.image_id not in writer.row_of:
                raise _changed(row.image_id)
            writer.write(row)
            if number % 100 == 0:
                progress(number / len(image_ids), f"{number:,} of {len(image_ids):,} images written")
    write_counts(into, image_ids, table, log, num_read=num_read, notes={"regions an image": NUM_REGIONS})


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Reads the files as rows of the store, any number of times with the same result."""

    files: SourceFiles
    table: ImageTable
    num_objects: int
    num_attributes: int

    def rows(self, reject: Reject) -> Iterator[RegionRow]:
        """Each image's row once, in the order of the files."""
        seen: set[str] = set()
        for record in read(self.files, "regions", reject):
            try:
                row = self._row(record)
                if row.image_id in seen:
                    raise RecordError("img_id", "image listed before")
            except RecordError as bad:
                reject(Rejection(source="regions", record=record.image_id, field=bad.field, reason=bad.reason))
            else:
                seen.add(row.image_id)
                yield row

    def _row(self, record: RegionRecord) -> RegionRow:
        image_id = self.table.canonical.get(record.image_id)
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
            object_ids_R=_ids(record.object_ids_R[kept_R], "objects_id", self.num_objects),
            object_conf_R=_within_0_and_1(record.object_conf_R[kept_R], "objects_conf"),
            attribute_ids_R=_ids(record.attribute_ids_R[kept_R], "attrs_id", self.num_attributes),
            attribute_conf_R=_within_0_and_1(record.attribute_conf_R[kept_R], "attrs_conf"),
            features_RF=_half(record.features_RF[kept_R]),
        )


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
    return list(all_sources()[source].reads["labels"](only_file(files, source), _already_counted))


def _already_counted(rejection: Rejection) -> None:
    """The reject of a second reading, and of a reader that rejects nothing."""


def _nothing_to_read() -> UserError:
    return UserError(
        expected="at least one image with regions in the detector's files",
        found="none",
        where="[sources] obj36 in luigi.cfg",
        way_out="set it to the detector's files of the images that the annotations list",
    )


def _changed(image_id: str) -> SourceError:
    return SourceError(
        expected="the same images in both readings of the detector's files",
        found=f"{image_id} only in the second",
        where="[sources] obj36 in luigi.cfg",
        way_out="leave the files alone while they are read, and give the command again",
    )
