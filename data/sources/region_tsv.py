"""A detector's regions as tab-separated lines without a header, one image a line, arrays as base64 of their bytes.

Ten columns (LXMERT's `*_obj36.tsv`): img_id, img_h, img_w, objects_id, objects_conf, attrs_id, attrs_conf, num_boxes,
boxes, features. https://github.com/airsplay/lxmert#pre-processed-image-features
Six columns (bottom-up attention's): image_id, image_w, image_h, num_boxes, boxes, features, width before height.
https://github.com/peteanderson80/bottom-up-attention#pretrained-features (tools/read_tsv.py)

Ids are int64, the rest float32, all little-endian; boxes are x1, y1, x2, y2 in pixels; 10 to 100 of them an image.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pybase64
from numpy.typing import NDArray

from data.records import Features, RegionRecord
from data.schema import FEATURE_SIZE
from data.sources.fields import MAX_PIXELS, RecordError
from data.sources.ids import image_id_of, image_in

MAX_BOXES = 100
Columns = Mapping[str, bytes]


@dataclass(frozen=True, kw_only=True)
class Form:
    """The columns of a table, features last, and what makes a record of them.

    `record(columns, num_boxes, features)` looks at all columns but the last, and raises RecordError.
    """

    names: tuple[str, ...]
    record: Callable[[Columns, int, Features], RegionRecord]
    otherwise: str
    """The reason for which a line of another number of columns is rejected."""


def of_line(line: bytes, form: Form) -> RegionRecord:
    """The record of a whole line, with good features. Raises RecordError where it is none."""
    values = line.rstrip(b"\r\n").split(b"\t")
    if len(values) != len(form.names):
        raise RecordError("line", form.otherwise)
    columns = dict(zip(form.names, values, strict=True))
    num_boxes = num_boxes_of(columns)
    features = partial(features_of, columns["features"], num_boxes)
    record = form.record(columns, num_boxes, features)
    features()
    return record


def num_boxes_of(columns: Columns) -> int:
    """How many boxes the columns say that there are. Raises RecordError where they do not."""
    return _whole(columns, "num_boxes", MAX_BOXES)


def features_of(text: bytes | memoryview, num_boxes: int) -> NDArray[np.float32]:
    """(R, F) behind base64. Raises RecordError."""
    return finite(decoded(text, "features", "<f4", (num_boxes, FEATURE_SIZE)), "features")


def _ten(columns: Columns, num_boxes: int, features: Features) -> RegionRecord:
    return RegionRecord(
        image_id=_known(image_id_of(_text(columns["img_id"])), "img_id"),
        height_px=_whole(columns, "img_h", MAX_PIXELS),
        width_px=_whole(columns, "img_w", MAX_PIXELS),
        object_ids_R=_array(columns, "objects_id", "<i8", (num_boxes,)),
        object_conf_R=_floats(columns, "objects_conf", (num_boxes,)),
        attribute_ids_R=_array(columns, "attrs_id", "<i8", (num_boxes,)),
        attribute_conf_R=_floats(columns, "attrs_conf", (num_boxes,)),
        boxes_R4=_floats(columns, "boxes", (num_boxes, 4)),
        features=features,
    )


def _six(columns: Columns, num_boxes: int, features: Features, *, collection: str) -> RegionRecord:
    return RegionRecord(
        image_id=_known(image_in(collection, _text(columns["image_id"])), "image_id"),
        height_px=_whole(columns, "image_h", MAX_PIXELS),
        width_px=_whole(columns, "image_w", MAX_PIXELS),
        boxes_R4=_floats(columns, "boxes", (num_boxes, 4)),
        features=features,
        **unknown_classes(num_boxes),
    )


TEN_COLUMNS = Form(
    names=(
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
    ),
    record=_ten,
    otherwise="not ten columns",
)


def six_columns(collection: str) -> Form:
    """The table of six columns, which calls an image of `collection` by its number alone, and says no classes."""
    return Form(
        names=("image_id", "image_w", "image_h", "num_boxes", "boxes", "features"),
        record=partial(_six, collection=collection),
        otherwise="not six columns",
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


def decoded(text: bytes | memoryview | str, name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array of that type and shape behind base64. Raises RecordError where it is another one."""
    try:
        buffer = pybase64.b64decode_as_bytearray(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RecordError(name, "not base64") from error
    if len(buffer) != math.prod(shape) * int(dtype[-1]):
        raise RecordError(name, "another length than num_boxes says")
    return np.frombuffer(buffer, dtype).reshape(shape)


def finite(values: NDArray[Any], name: str) -> NDArray[np.float32]:
    """`values` as float32. Raises RecordError where one is NaN or infinite."""
    floats = values
    if values.dtype != np.float32:
        with np.errstate(over="ignore"):
            floats = values.astype(np.float32)
    if not np.isfinite(floats).all():
        raise RecordError(name, "NaN or infinity")
    return floats


def _text(name: bytes) -> str:
    return name.decode("ascii", "replace")


def _known(image_id: str | None, name: str) -> str:
    if image_id is None:
        raise RecordError(name, "image id of unknown form")
    return image_id


def _whole(columns: Columns, name: str, highest: int) -> int:
    digits = columns[name]
    if not (digits.isdigit() and len(digits) < 10 and 0 < int(digits) <= highest):
        raise RecordError(name, f"not a whole number from 1 to {highest}")
    return int(digits)


def _array(columns: Columns, name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    return decoded(columns[name], name, dtype, shape)


def _floats(columns: Columns, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return finite(_array(columns, name, "<f4", shape), name)
