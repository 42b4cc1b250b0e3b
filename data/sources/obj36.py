"""LXMERT's `*_obj36.tsv`: a detector's 36 regions per image, one image a line, ten columns without a header.

img_id, img_h, img_w, objects_id, objects_conf, attrs_id, attrs_conf, num_boxes, boxes, features; arrays are base64 of
little-endian buffers: ids int64, the rest float32, boxes x1, y1, x2, y2 in pixels.
https://github.com/airsplay/lxmert#pre-processed-image-features
Legend: R regions of one image, F features of a region.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pybase64
from numpy.typing import NDArray

from data.records import RegionRecord, Reject, Source
from data.schema import FEATURE_SIZE
from data.sources.fields import MAX_PIXELS, RecordError
from data.sources.files import open_source, wrong_file
from data.sources.ids import image_id_of
from data.sources.lines import located, records

NAME = "obj36"
MAX_BOXES = 100
MAX_LINE_BYTES = 2 << 20  # 100 boxes make 1.1 MiB
_COLUMNS = (
    "img_id",
    "img_h",
    "img_w",
    "objects_id",
    "objects_conf",
    "attrs_id",
    "attrs_conf",
    "num_boxes",
    "boxes",
    "features",
)


def regions(path: Path, reject: Reject) -> Iterator[RegionRecord]:
    """The regions of each image, from 1 to 100 of them, in the order of the file."""
    return records(path, _record, source=NAME, reject=reject, max_bytes=MAX_LINE_BYTES)


def located_regions(path: Path, reject: Reject) -> Iterator[tuple[int, RegionRecord]]:
    """The same, each with the offset of its line in bytes."""
    return located(path, _record, source=NAME, reject=reject, max_bytes=MAX_LINE_BYTES)


def regions_at(path: Path, offsets: Iterable[int]) -> Iterator[RegionRecord]:
    """The regions of the images whose lines are at these offsets of a file that was read before.

    Raises SourceError where another line is there by now.
    """
    with open_source(path, NAME) as file:
        for offset in offsets:
            file.seek(offset)
            try:
                yield _record(file.readline(MAX_LINE_BYTES + 1))
            except RecordError as bad:
                raise wrong_file(
                    path,
                    NAME,
                    expected="the same lines in both readings",
                    found=f"{bad.field}: {bad.reason}",
                    where=f"byte {offset}",
                ) from bad


def _record(line: bytes) -> RegionRecord:
    columns = line.rstrip(b"\r\n").split(b"\t")
    if len(columns) != len(_COLUMNS):
        raise RecordError("line", "not ten columns")
    column = dict(zip(_COLUMNS, columns, strict=True))
    num_boxes = _whole(column, "num_boxes", MAX_BOXES)
    return RegionRecord(
        image_id=_image_id(column["img_id"]),
        height_px=_whole(column, "img_h", MAX_PIXELS),
        width_px=_whole(column, "img_w", MAX_PIXELS),
        object_ids_R=_array(column, "objects_id", "<i8", (num_boxes,)),
        object_conf_R=_floats(column, "objects_conf", (num_boxes,)),
        attribute_ids_R=_array(column, "attrs_id", "<i8", (num_boxes,)),
        attribute_conf_R=_floats(column, "attrs_conf", (num_boxes,)),
        boxes_R4=_floats(column, "boxes", (num_boxes, 4)),
        features_RF=_floats(column, "features", (num_boxes, FEATURE_SIZE)),
    )


def _image_id(name: bytes) -> str:
    image_id = image_id_of(name.decode("ascii", "replace"))
    if image_id is None:
        raise RecordError("img_id", "image id of unknown form")
    return image_id


def _whole(column: dict[str, bytes], name: str, highest: int) -> int:
    digits = column[name]
    if not (digits.isdigit() and len(digits) < 10 and 0 < int(digits) <= highest):
        raise RecordError(name, f"not a whole number from 1 to {highest}")
    return int(digits)


def _array(column: dict[str, bytes], name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        buffer = pybase64.b64decode(column[name], validate=True)
    except binascii.Error as error:
        raise RecordError(name, "not base64") from error
    if len(buffer) != int(np.prod(shape)) * np.dtype(dtype).itemsize:
        raise RecordError(name, "another length than num_boxes says")
    return np.frombuffer(buffer, dtype).reshape(shape)


def _floats(column: dict[str, bytes], name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    values = _array(column, name, "<f4", shape)
    if not np.isfinite(values).all():
        raise RecordError(name, "NaN or infinity")
    return values


SOURCE = Source(
    name=NAME,
    title="Detector's regions (obj36)",
    address="https://github.com/airsplay/lxmert#google-drive (mscoco_imgfeat, vg_gqa_imgfeat)",
    reads={"regions": regions},
)
