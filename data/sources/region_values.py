"""A detector's regions as named values, under the names that the projects gave them: what an `.npz` or LMDB holds.

| what | names |
|---|---|
| features, (R, 2048) | `features` (ViLBERT), `x` (openvqa, which turns them: (2048, R)) |
| boxes in pixels, (R, 4) | `boxes`, `bbox` |
| how many of the rows count | `num_boxes`, `num_bbox` |
| the picture's size | `image_h`, `image_height`, `img_h`; `image_w`, ... |
| what is shown | `objects_id`, `objects_conf`, `attrs_id`, `attrs_conf`, in `info` too; or `cls_prob`, (R, 1601) |

`objects_id` beside no `attrs_id` is passed over: older extractors count a background there, and newer ones do not.
So is ViLBERT's `objects`. `cls_prob` has the background first. VOLTA's arrays are base64.
https://github.com/facebookresearch/vilbert-multi-task (script/extract_features.py, script/convert_to_lmdb.py)
https://github.com/MILVLG/openvqa, https://github.com/MILVLG/bottom-up-attention.pytorch, https://github.com/e-bug/volta
Legend: R regions of one image, F features of a region.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pybase64
from numpy.typing import NDArray

from data.records import RegionRecord
from data.schema import FEATURE_SIZE
from data.sources import fields
from data.sources.fields import RecordError
from data.sources.pickled import PickledArray, PickleError
from data.sources.region_tsv import MAX_BOXES, finite, unknown_classes

_FEATURES = ("features", "x")
_BOXES = ("boxes", "bbox")
_NUM_BOXES = ("num_boxes", "num_bbox")
_HEIGHT = ("image_h", "image_height", "img_h")
_WIDTH = ("image_w", "image_width", "img_w")
_CLASSES = ("objects_id", "objects_conf", "attrs_id", "attrs_conf")
_NUM_PROBABILITIES = 1601


def region_of(values: Mapping[Any, Any], *, image_id: str) -> RegionRecord:
    """The record of the image. Raises RecordError where a value is not there, or of another shape than the others."""
    info = values.get("info")
    named = {**info, **values} if isinstance(info, Mapping) else values
    features_RF = _features(fields.field(named, *_FEATURES), _num_boxes(named))
    num_boxes = len(features_RF)
    return RegionRecord(
        image_id=image_id,
        height_px=fields.pixels(_single(named, _HEIGHT), *_HEIGHT),
        width_px=fields.pixels(_single(named, _WIDTH), *_WIDTH),
        boxes_R4=finite(_rows(fields.field(named, *_BOXES), "boxes", num_boxes, (4,)), "boxes"),
        features=lambda: features_RF,
        **_classes(named, num_boxes),
    )


def _num_boxes(named: Mapping[Any, Any]) -> int | None:
    """How many rows count; None where it is not said."""
    if not any(name in named for name in _NUM_BOXES):
        return None
    number = fields.whole(_single(named, _NUM_BOXES), *_NUM_BOXES)
    if not 0 < number <= MAX_BOXES:
        raise RecordError("num_boxes", f"not a whole number from 1 to {MAX_BOXES}")
    return number


def _single(named: Mapping[Any, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The number under one of `names`, out of the array in which NumPy saves it."""
    value = fields.field(named, *names)
    if isinstance(value, PickledArray | np.ndarray):
        array = _array(value, names[0])
        value = array.item() if array.size == 1 else None
    elif isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    return {names[0]: value}


def _features(value: Any, num_boxes: int | None) -> NDArray[np.float32]:
    """(R, F) of the boxes that count."""
    if isinstance(value, bytes | str):
        array = _of_base64(value, "features", (FEATURE_SIZE,))
    else:
        array = _array(value, "features")
    is_turned = array.ndim == 2 and array.shape[0] == FEATURE_SIZE and array.shape[1] <= MAX_BOXES
    rows_RF = array.T if is_turned else array
    num_boxes = len(rows_RF) if num_boxes is None and rows_RF.ndim else num_boxes or 0
    if num_boxes > MAX_BOXES:
        raise RecordError("features", f"more than {MAX_BOXES} regions")
    return finite(_checked(rows_RF, "features", num_boxes, (FEATURE_SIZE,)), "features")


def _classes(named: Mapping[Any, Any], num_boxes: int) -> dict[str, Any]:
    """The fields of a RegionRecord that say what is shown; unknown where nothing reliable does."""
    classes = unknown_classes(num_boxes)
    if all(name in named for name in _CLASSES):
        for kind in ("object", "attribute"):
            ids, conf = (f"{'objects' if kind == 'object' else 'attrs'}_{what}" for what in ("id", "conf"))
            classes[f"{kind}_ids_R"] = _ids(_rows(named[ids], ids, num_boxes, (), "<i8"), ids)
            classes[f"{kind}_conf_R"] = finite(_rows(named[conf], conf, num_boxes, ()), conf)
    elif "cls_prob" in named:
        shown_RC = finite(_rows(named["cls_prob"], "cls_prob", num_boxes, (_NUM_PROBABILITIES,)), "cls_prob")[:, 1:]
        classes |= {"object_ids_R": shown_RC.argmax(axis=1), "object_conf_R": shown_RC.max(axis=1)}
    return classes


def _ids(ids_R: NDArray[Any], name: str) -> NDArray[np.int64]:
    if ids_R.dtype.kind not in "iu":
        raise RecordError(name, "not whole numbers")
    return ids_R.astype(np.int64)


def _rows(value: Any, name: str, num_boxes: int, shape: tuple[int, ...], dtype: str = "<f4") -> NDArray[Any]:
    """The first `num_boxes` rows of an array, each of `shape`."""
    is_base64 = isinstance(value, bytes | str)
    array = _of_base64(value, name, shape, dtype) if is_base64 else _array(value, name)
    return _checked(array, name, num_boxes, shape)


def _checked(array: NDArray[Any], name: str, num_boxes: int, shape: tuple[int, ...]) -> NDArray[Any]:
    if array.ndim != len(shape) + 1 or array.shape[1:] != shape or len(array) < num_boxes or not num_boxes:
        raise RecordError(name, "another shape than the number of boxes says")
    return array[:num_boxes]


def _of_base64(text: bytes | str, name: str, shape: tuple[int, ...], dtype: str = "<f4") -> NDArray[Any]:
    """The rows of `shape` behind base64, as many as there are."""
    try:
        values = np.frombuffer(pybase64.b64decode(text, validate=True), dtype)
        return values.reshape(-1, *shape)
    except ValueError as error:  # binascii's error is one too
        raise RecordError(name, "not base64 of rows of that length") from error


def _array(value: Any, name: str) -> NDArray[Any]:
    """The numbers of an array, in whichever way it was saved."""
    try:
        array = value.array() if isinstance(value, PickledArray) else value
    except PickleError as error:
        raise RecordError(name, "not an array of numbers") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise RecordError(name, "not an array of numbers")
    return array
