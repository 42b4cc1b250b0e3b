"""A detector's regions as tab-separated lines without a header, one image a line, arrays as base64 of their bytes.

Ten columns (LXMERT's `*_obj36.tsv`): img_id, img_h, img_w, objects_id, objects_conf, attrs_id, attrs_conf, num_boxes,
boxes, features. https://github.com/airsplay/lxmert#pre-processed-image-features
Six columns (bottom-up attention's): image_id, image_w, image_h, num_boxes, boxes, features, width before height.
https://github.com/peteanderson80/bottom-up-attention#pretrained-features (tools/read_tsv.py)

Ids are int64, the rest float32, all little-endian; boxes are x1, y1, x2, y2 in pixels; 10 to 100 of them an image.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from typing import Any

import numpy as np
import pybase64
from numpy.typing import NDArray

from data.records import RegionRecord
from data.schema import FEATURE_SIZE
from data.sources.fields import MAX_PIXELS, RecordError
from data.sources.ids import image_id_of, image_in

MAX_BOXES = 100
MAX_LINE_BYTES = 2 << 20  # 100 boxes make 1.1 MiB
_TEN = (
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
_SIX = ("image_id", "image_w", "image_h", "num_boxes", "boxes", "features")


def of_ten_columns(line: bytes) -> RegionRecord:
    """The record of a line of ten columns. Raises RecordError where it is none."""
    column = _columns(line, _TEN, "not ten columns")
    num_boxes = _whole(column, "num_boxes", MAX_BOXES)
    return RegionRecord(
        image_id=_known(image_id_of(_text(column["img_id"])), "img_id"),
        height_px=_whole(column, "img_h", MAX_PIXELS),
        width_px=_whole(column, "img_w", MAX_PIXELS),
        object_ids_R=_array(column, "objects_id", "<i8", (num_boxes,)),
        object_conf_R=_floats(column, "objects_conf", (num_boxes,)),
        attribute_ids_R=_array(column, "attrs_id", "<i8", (num_boxes,)),
        attribute_conf_R=_floats(column, "attrs_conf", (num_boxes,)),
        boxes_R4=_floats(column, "boxes", (num_boxes, 4)),
        features_RF=_floats(column, "features", (num_boxes, FEATURE_SIZE)),
    )


def of_six_columns(line: bytes, *, collection: str) -> RegionRecord:
    """The record of a line of six columns, which calls an image of `collection` by its number alone.

    What the regions show is not said. Raises RecordError where it is none.
    """
    column = _columns(line, _SIX, "not six columns")
    num_boxes = _whole(column, "num_boxes", MAX_BOXES)
    return RegionRecord(
        image_id=_known(image_in(collection, _text(column["image_id"])), "image_id"),
        height_px=_whole(column, "image_h", MAX_PIXELS),
        width_px=_whole(column, "image_w", MAX_PIXELS),
        boxes_R4=_floats(column, "boxes", (num_boxes, 4)),
        features_RF=_floats(column, "features", (num_boxes, FEATURE_SIZE)),
        **unknown_classes(num_boxes),
    )


def unknown_classes(num_boxes: int) -> dict[str, Any]:
    """The fields of a RegionRecord for regions of which nobody says what they show: ids -1, confidence 0."""
    nothing = np.zeros(num_boxes, np.float32)
    unknown = np.full(num_boxes, -1, np.int64)
    return {
        "object_ids_R": unknown,
        "object_conf_R": nothing,
        "attribute_ids_R": unknown,
        "attribute_conf_R": nothing,
    }


def decoded(text: bytes | str, name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array of that type and shape behind base64. Raises RecordError where it is another one."""
    try:
        buffer = pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RecordError(name, "not base64") from error
    if len(buffer) != int(np.prod(shape)) * np.dtype(dtype).itemsize:
        raise RecordError(name, "another length than num_boxes says")
    return np.frombuffer(buffer, dtype).reshape(shape)


def finite(values: NDArray[Any], name: str) -> NDArray[np.float32]:
    """`values` as float32. Raises RecordError where one is NaN or infinite."""
    with np.errstate(over="ignore"):
        floats: NDArray[np.float32] = np.asarray(values, np.float32)
    if not np.isfinite(floats).all():
        raise RecordError(name, "NaN or infinity")
    return floats


def _columns(line: bytes, names: Sequence[str], reason: str) -> dict[str, bytes]:
    columns = line.rstrip(b"\r\n").split(b"\t")
    if len(columns) != len(names):
        raise RecordError("line", reason)
    return dict(zip(names, columns, strict=True))


def _text(name: bytes) -> str:
    return name.decode("ascii", "replace")


def _known(image_id: str | None, name: str) -> str:
    if image_id is None:
        raise RecordError(name, "image id of unknown form")
    return image_id


def _whole(column: dict[str, bytes], name: str, highest: int) -> int:
    digits = column[name]
    if not (digits.isdigit() and len(digits) < 10 and 0 < int(digits) <= highest):
        raise RecordError(name, f"not a whole number from 1 to {highest}")
    return int(digits)


def _array(column: dict[str, bytes], name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    return decoded(column[name], name, dtype, shape)


def _floats(column: dict[str, bytes], name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return finite(_array(column, name, "<f4", shape), name)
