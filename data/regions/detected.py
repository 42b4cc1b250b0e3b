"""What a detector says of some images, checked and as columns of the region store: 36 regions each, boxes as shares.

Legend: I images, R regions that are kept (36), A all regions of all the images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.records import RegionRecord
from data.schema import NUM_REGIONS
from data.sources.fields import RecordError

TOLERANCE = 1e-5  # of a box's side or a confidence beyond [0, 1]: what rounding to float32 does
Columns = dict[str, NDArray[Any]]
_EVERY_R = np.arange(NUM_REGIONS)


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The detector's vocabularies: what ids must lie within, and the ids of names."""

    object_id_of: Mapping[str, int]
    num_attributes: int


def judged(records: Sequence[RegionRecord], labels: Labels) -> list[RecordError | None]:
    """For each record why it cannot be used, None where it can; features are not looked at.

    All are checked at once, and where something is wrong each half by itself.
    """
    if not records:
        return []
    try:
        columns_of(records, labels)
    except RecordError as bad:
        if len(records) == 1:
            return [bad]
        middle = len(records) // 2
        return [*judged(records[:middle], labels), *judged(records[middle:], labels)]
    return [None] * len(records)


def columns_of(records: Sequence[RegionRecord], labels: Labels) -> Columns:
    """All columns but the features. Raises RecordError where a record cannot be used."""
    num_regions_I = [len(record.object_conf_R) for record in records]
    if min(num_regions_I) < NUM_REGIONS:
        raise RecordError("num_boxes", f"fewer than {NUM_REGIONS} boxes")
    starts_I = np.cumsum([0, *num_regions_I[:-1]])
    kept_IR = np.stack([start + kept(record) for start, record in zip(starts_I, records, strict=True)])
    sizes_I2 = np.array([(record.height_px, record.width_px) for record in records])
    boxes_A4 = np.concatenate([record.boxes_R4 for record in records])
    object_ids_A = np.concatenate([_object_ids(record, labels) for record in records])
    object_conf_A = np.concatenate([record.object_conf_R for record in records])
    attribute_ids_A = np.concatenate([record.attribute_ids_R for record in records])
    attribute_conf_A = np.concatenate([record.attribute_conf_R for record in records])
    return {
        "boxes": _shares(boxes_A4, np.repeat(sizes_I2[:, [1, 0, 1, 0]], num_regions_I, axis=0))[kept_IR],
        "object_ids": _ids(object_ids_A[kept_IR], "objects_id", len(labels.object_id_of)),
        "object_conf": _within_0_and_1(object_conf_A[kept_IR], "objects_conf"),
        "attribute_ids": _ids(attribute_ids_A[kept_IR], "attrs_id", labels.num_attributes),
        "attribute_conf": _within_0_and_1(attribute_conf_A[kept_IR], "attrs_conf"),
        "sizes": sizes_I2,
    }


def kept(record: RegionRecord) -> NDArray[np.intp]:
    """The regions that are kept: all where there are exactly 36; else the 36 most confident, ties in their order."""
    if len(record.object_conf_R) == NUM_REGIONS:
        return _EVERY_R
    order: NDArray[np.intp] = np.argsort(-record.object_conf_R, kind="stable")
    return order[:NUM_REGIONS]


def _object_ids(record: RegionRecord, labels: Labels) -> NDArray[np.int64]:
    """The ids of what the regions show; -1 for a name that is not in the vocabulary."""
    if record.object_names is None:
        return record.object_ids_R
    return np.array([labels.object_id_of.get(name or "", -1) for name in record.object_names], np.int64)


def _shares(boxes_A4: NDArray[np.float32], sides_A4: NDArray[np.int64]) -> NDArray[np.float32]:
    shares_A4 = _within_0_and_1(boxes_A4 / sides_A4.astype(np.float64), "boxes")
    if (shares_A4[:, :2] > shares_A4[:, 2:]).any():
        raise RecordError("boxes", "box whose corners are swapped")
    return shares_A4


def _within_0_and_1(values: NDArray[Any], field: str) -> NDArray[np.float32]:
    if values.min() < -TOLERANCE or values.max() > 1 + TOLERANCE:
        raise RecordError(field, "outside [0, 1]" if field != "boxes" else "box outside the image")
    clipped: NDArray[np.float32] = np.clip(values, 0, 1).astype(np.float32)
    return clipped


def _ids(ids: NDArray[np.int64], field: str, num_labels: int) -> NDArray[np.int16]:
    if ids.min() < -1 or ids.max() >= num_labels:
        raise RecordError(field, f"id outside the {num_labels} labels of the vocabulary")
    return ids.astype(np.int16)
