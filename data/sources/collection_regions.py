"""Features of the boxes of a collection that only the user knows: rows as in collection.py, with `features`.

docs/formats.md has an example; the file may be the very one that `[sources] collection` names.
https://jsonlines.org, https://parquet.apache.org
Legend: R boxes of one image, F features of a box.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.records import IsChecked, Marks, Place, RegionReader, RegionRecord, Reject, Rejection, Source
from data.schema import FEATURE_SIZE
from data.sources import fields
from data.sources.collection_rows import Row, image_of, of_each_box, rows, rows_at
from data.sources.fields import RecordError
from data.sources.files import wrong_file
from data.sources.region_tsv import MAX_BOXES, decoded, finite, unknown_classes

NAME = "collection_regions"


def located_regions(path: Path, reject: Reject, _: IsChecked) -> Iterator[tuple[Place, RegionRecord]]:
    """The regions of each row, all of it checked, with its place; a row without features is rejected."""
    for place, row in rows(path, reject, source=NAME, with_features=True):
        try:
            yield place, _record(row)
        except RecordError as bad:
            reject(Rejection(source=NAME, record=str(row["image"]), field=bad.field, reason=bad.reason))


def regions_at(path: Path, places: Iterable[Any]) -> Iterator[RegionRecord]:
    """The regions of the rows at these places of a file that was read before.

    Raises SourceError where others are there by now.
    """
    for row in rows_at(path, places, source=NAME):
        try:
            yield _record(row)
        except RecordError as bad:
            found = f"{bad.field}: {bad.reason}"
            raise wrong_file(path, NAME, expected="the same rows in both readings", found=found) from bad


def regions(path: Path, reject: Reject) -> Iterator[RegionRecord]:
    """The regions of each row."""
    return (record for _, record in located_regions(path, reject, lambda place: True))


def _record(row: Row) -> RegionRecord:
    boxes = [fields.box_between(box, "boxes") for box in fields.members(row, "boxes")]
    num_boxes = len(boxes)
    if not 0 < num_boxes <= MAX_BOXES:
        raise RecordError("boxes", f"not from 1 to {MAX_BOXES} boxes")
    names = [None if label is None else fields.as_text(label, "labels") for label in of_each_box(row, "labels")]
    width_px, height_px = fields.pixels(row, "width"), fields.pixels(row, "height")
    features_RF = finite(_features(fields.field(row, "features"), num_boxes), "features")
    return RegionRecord(
        image_id=str(image_of(fields.text(row, "image"))),
        width_px=width_px,
        height_px=height_px,
        boxes_R4=np.array(boxes, np.float32),
        features=lambda: features_RF,
        object_names=tuple(names),
        **unknown_classes(num_boxes) | {"object_conf_R": _confidences(row, names)},
    )


def _features(value: Any, num_boxes: int) -> NDArray[np.float32]:
    """(R, F) of the bytes in Parquet, or of their base64 in JSON."""
    shape = (num_boxes, FEATURE_SIZE)
    if isinstance(value, str):
        return decoded(value, "features", "<f4", shape)
    if not isinstance(value, bytes) or len(value) != 4 * num_boxes * FEATURE_SIZE:
        raise RecordError("features", f"not {FEATURE_SIZE} float32 a box, as bytes or base64")
    return np.frombuffer(value, "<f4").reshape(shape)


def _confidences(row: Row, names: list[str | None]) -> NDArray[np.float32]:
    """As given; where they are not, 1 for a box with a label and 0 for one without."""
    if "confidences" not in row:
        return np.array([float(name is not None) for name in names], np.float32)
    given = [fields.number({"confidences": value}, "confidences") for value in of_each_box(row, "confidences")]
    return np.array(given, np.float32)


SOURCE = Source(
    name=NAME,
    title="Features of a collection of your own (JSON lines or Parquet)",
    address="https://jsonlines.org or https://parquet.apache.org, with the fields of docs/formats.md",
    reads={"regions": regions},
    regions=RegionReader(located=located_regions, at=regions_at),
    marks=(
        Marks(opening="{", keys=("features",), pattern=r'^\s*\{[^\n]*"image":\s*"[a-z][a-z0-9_]*:'),
        Marks(pattern=r"^PAR1[\s\S]*\bimage\b[\s\S]*\bfeatures\b"),
    ),
)
