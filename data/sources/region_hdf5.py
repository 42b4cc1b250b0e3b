"""A detector's regions in HDF5, `train36.hdf5`, with a pickle beside it, `train36_imgid2idx.pkl`.

| dataset | shape | what |
|---|---|---|
| `image_features` | (N, R, 2048) | |
| `image_bb` | (N, R, 4) | boxes in pixels |
| `spatial_features` | (N, R, 6) | x1, y1, x2, y2, width and height as shares of the picture's |

The pickle says in which row an image lies. Rows that it does not name were never filled. The picture's size is not in
the file: a side in pixels by its share of the picture's gives it.
https://github.com/hengyuan-hu/bottom-up-attention-vqa (tools/detection_features_converter.py)
Legend: N images, R regions of one image.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from data.records import RegionRecord, Reject, Rejection
from data.schema import FEATURE_SIZE
from data.sources import pickled
from data.sources.fields import MAX_NAME_LENGTH, MAX_PIXELS, RecordError
from data.sources.files import open_source, wrong_file
from data.sources.ids import image_in
from data.sources.pickled import PickleError
from data.sources.region_tsv import MAX_BOXES
from data.sources.region_values import region_of

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_LAST_AXES = {"image_features": FEATURE_SIZE, "image_bb": 4, "spatial_features": 6}
_EXPECTED = "HDF5 with image_features (N, R, 2048), image_bb (N, R, 4) and spatial_features (N, R, 6)"
_EXPECTED_ROWS = "a pickle of {image id: row}, each row once"
_MAX_PICKLE_BYTES = 64 << 20
_MAX_CHUNK_BYTES = 64 << 20
_ERRORS = (OSError, KeyError, ValueError, TypeError, RuntimeError)  # h5py has no error of its own
_ROUNDING = 1e-5  # of a picture's side: more than float32 rounds, less than half a pixel
_Arrays = Mapping[str, Any]


def is_hdf5(path: Path) -> bool:
    """Whether a file begins as HDF5 does; never raises."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(SIGNATURE)) == SIGNATURE
    except (OSError, ValueError):  # ValueError: a path with a zero byte
        return False


def rows_file(path: Path) -> Path:
    """The pickle that belongs to an HDF5 file."""
    return path.with_name(f"{path.stem}_imgid2idx.pkl")


def located(path: Path, reject: Reject, *, source: str, collection: str) -> Iterator[tuple[int, RegionRecord]]:
    """The regions of each image in the order of their rows, each with its row. Raises SourceError for broken files."""
    with _opened(path, source) as file:
        for row, name in sorted(file.name_of.items()):
            try:
                yield row, _record(file, row, collection)
            except RecordError as bad:
                record = name[:MAX_NAME_LENGTH]
                reject(Rejection(source=source, record=record, field=bad.field, reason=bad.reason))


def at(path: Path, places: Iterable[int], *, source: str, collection: str) -> Iterator[RegionRecord]:
    """The regions in these rows of a file that was read before. Raises SourceError where they are others by now."""
    with _opened(path, source) as file:
        for row in places:
            try:
                yield _record(file, row, collection)
            except RecordError as bad:
                found = f"{bad.field}: {bad.reason}"
                raise wrong_file(path, source, expected=_EXPECTED, found=found, where=f"row {row}") from bad


@dataclass(frozen=True, kw_only=True)
class _File:
    """The datasets, and the image of each row that has one."""

    arrays: _Arrays
    name_of: Mapping[int, str]


def _record(file: _File, row: int, collection: str) -> RegionRecord:
    image_id = image_in(collection, file.name_of.get(row, ""))
    if image_id is None:
        raise RecordError("image id", "image id of unknown form")
    try:
        values = {name: array[row] for name, array in file.arrays.items()}
    except _ERRORS as error:
        raise RecordError("row", "row that cannot be read") from error
    width, height = _size_px(values["image_bb"], values["spatial_features"])
    named = {"features": values["image_features"], "boxes": values["image_bb"], "image_w": width, "image_h": height}
    return region_of(named, image_id=image_id)


def _size_px(boxes_R4: NDArray[Any], shares_R6: NDArray[Any]) -> tuple[int, int]:
    """Width and height, by the box that ends farthest to the right and by the one that ends farthest down.

    A box that begins at 0 says nothing there, but it ends elsewhere. RecordError where none does, or where the boxes do
    not agree.
    """
    boxes, shares = boxes_R4.astype(np.float64), shares_R6[:, :4].astype(np.float64)
    if not (np.isfinite(boxes).all() and np.isfinite(shares).all()):
        raise RecordError("image_bb", "NaN or infinity")
    ends = shares[:, 2:].argmax(axis=0)
    end_pixels, end_shares = boxes[ends, (2, 3)], shares[ends, (2, 3)]
    if not (end_shares > 0).all():
        raise RecordError("spatial_features", "no box that tells the picture's size")
    with np.errstate(over="ignore"):
        sides = np.rint(end_pixels / end_shares)
    if not (sides <= MAX_PIXELS).all():
        raise RecordError("spatial_features", "impossible image size")
    if not (np.abs(shares * np.tile(sides, 2) - boxes) <= _ROUNDING * np.tile(sides, 2)).all():
        raise RecordError("spatial_features", "boxes that tell different sizes of the picture")
    return int(sides[0]), int(sides[1])


@contextmanager
def _opened(path: Path, source: str) -> Iterator[_File]:
    """The file with its pickle. Raises SourceError where one is not what it should be."""
    name_of = _rows(rows_file(path), source)
    try:
        opened = h5py.File(path, "r")
    except _ERRORS as error:
        raise wrong_file(path, source, expected=_EXPECTED, found=str(error)) from error
    with opened:
        arrays = _arrays(opened, path, source)
        num_rows = len(arrays["image_bb"])
        if not all(row < num_rows for row in name_of):
            found = f"row {max(name_of)} of {num_rows:,}"
            raise wrong_file(rows_file(path), source, expected=_EXPECTED_ROWS, found=found)
        yield _File(arrays=arrays, name_of=name_of)


def _arrays(opened: Any, path: Path, source: str) -> _Arrays:
    try:
        own = [name for name in _LAST_AXES if isinstance(opened.get(name, getlink=True), h5py.HardLink)]
        arrays = {name: opened[name] for name in own}
        is_right = arrays.keys() == _LAST_AXES.keys() and all(map(_is_readable, arrays.values()))
        shapes = {name: array.shape for name, array in arrays.items()} if is_right else {}
    except _ERRORS as error:
        raise wrong_file(path, source, expected=_EXPECTED, found=str(error)) from error
    sizes = {shape[:2] for shape in shapes.values() if len(shape) == 3}
    if len(sizes) != 1 or any(shape[2:] != (_LAST_AXES[name],) for name, shape in shapes.items()):
        raise wrong_file(path, source, expected=_EXPECTED, found=str(shapes) if shapes else "other datasets")
    if not 0 < next(iter(sizes))[1] <= MAX_BOXES:
        raise wrong_file(path, source, expected=f"1 to {MAX_BOXES} regions an image", found=str(shapes))
    return arrays


def _is_readable(array: Any) -> bool:
    """Whether it is an array of numbers in this very file, of which no piece is too large to be read at once."""
    if not isinstance(array, h5py.Dataset) or array.dtype.kind not in "iuf" or array.is_virtual or array.external:
        return False
    return bool(math.prod(array.chunks or ()) * array.dtype.itemsize <= _MAX_CHUNK_BYTES)


def _rows(path: Path, source: str) -> dict[int, str]:
    """The image of each row, as the pickle calls it."""
    with open_source(path, source) as file:
        data = file.read(_MAX_PICKLE_BYTES + 1)
    if len(data) > _MAX_PICKLE_BYTES:
        found = f"more than {_MAX_PICKLE_BYTES >> 20} MiB"
        raise wrong_file(path, source, expected=_EXPECTED_ROWS, found=found)
    try:
        row_of = pickled.load(data)
    except PickleError as error:
        raise wrong_file(path, source, expected=_EXPECTED_ROWS, found=str(error)) from error
    is_map = isinstance(row_of, Mapping) and all(type(row) is int and row >= 0 for row in row_of.values())
    if not is_map or not row_of or len(set(row_of.values())) != len(row_of):
        raise wrong_file(path, source, expected=_EXPECTED_ROWS, found="something else, or a row twice")
    return {row: str(name) for name, row in row_of.items()}
