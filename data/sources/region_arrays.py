"""A detector's regions as a folder with a file a picture, `.npz` or `.npy`: `COCO_train2014_000000458752.npz`.

An `.npz` is a zip of arrays, an `.npy` of ViLBERT's one dictionary. What is pickled in them is read as data.
https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from data.errors import SourceError
from data.records import RegionRecord, Reject, Rejection
from data.sources import pickled
from data.sources.fields import RecordError
from data.sources.files import files_in, open_source, wrong_file
from data.sources.ids import image_in
from data.sources.pickled import PickledArray, PickleError
from data.sources.region_values import region_of

SUFFIXES = (".npz", ".npy")
MAX_FILE_BYTES = 8 << 20  # 100 boxes with all their probabilities make 1.6 MiB
MAX_MEMBERS = 64
_MAX_BAD_AT_START = 20
# What zipfile raises for wrong archives; https://docs.python.org/3/library/zipfile.html names the first only.
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, OverflowError)


def located(folder: Path, reject: Reject, *, source: str, collection: str) -> Iterator[tuple[str, RegionRecord]]:
    """The regions of each file anywhere below the folder, in the order of their paths, each with its path in it.

    Raises SourceError where there is none, or none of the first twenty is one.
    """
    num_files = num_good = 0
    for place in _places(folder, source):
        num_files += 1
        try:
            record = read_file(folder / place, source=source, collection=collection)
        except RecordError as bad:
            if num_good == 0 and num_files == _MAX_BAD_AT_START:
                raise _wrong(folder, source, f"{bad.field}: {bad.reason}", where=place) from bad
            reject(Rejection(source=source, record=place, field=bad.field, reason=bad.reason))
        else:
            num_good += 1
            yield place, record
    if not num_files:
        raise _wrong(folder, source, "none", where="")


def at(folder: Path, places: Iterable[str], *, source: str, collection: str) -> Iterator[RegionRecord]:
    """The regions in these files of a folder that was read before. Raises SourceError where one is another by now."""
    for place in places:
        try:
            yield read_file(folder / place, source=source, collection=collection)
        except RecordError as bad:
            raise _wrong(folder, source, f"{bad.field}: {bad.reason}", where=place) from bad


def read_file(path: Path, *, source: str, collection: str) -> RegionRecord:
    """The regions of the image whose name the file bears. Raises RecordError where there are none in it."""
    image_id = image_in(collection, path.stem)
    if image_id is None:
        raise RecordError("file name", "image id of unknown form")
    values = values_of(path, source=source)
    info = values.get("info")
    own_name = (info if isinstance(info, Mapping) else values).get("image_id")
    if isinstance(own_name, str) and image_in(collection, own_name.partition(".")[0]) not in (None, image_id):
        raise RecordError("image_id", "another image than the file's name says")
    return region_of(values, image_id=image_id)


def values_of(path: Path, *, source: str) -> Mapping[Any, Any]:
    """The named values of one file. Raises RecordError where it holds none."""
    with open_source(path, source) as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise RecordError("file", f"more than {MAX_FILE_BYTES >> 20} MiB")
    if path.suffix == ".npz":
        return _unzipped(data)
    value = _item(_parsed(io.BytesIO(data)))
    if not isinstance(value, Mapping):
        raise RecordError("file", "not a dictionary of arrays")
    return value


def _places(folder: Path, source: str) -> Iterator[str]:
    """The paths of the files in the folder, sorted."""
    found = (file for file in files_in(folder, source) if file.name.endswith(SUFFIXES))
    return (file.relative_to(folder).as_posix() for file in found)


def _unzipped(data: bytes) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > 2 * MAX_FILE_BYTES:
                raise RecordError("file", "more arrays than regions need")
            return {
                member.filename.removesuffix(".npy"): _item(_parsed(io.BytesIO(_unpacked(archive, member))))
                for member in members
            }
    except (*_ZIP_ERRORS, NotImplementedError) as error:  # the last is zipfile's, of a compression it does not know
        raise RecordError("file", "not a zip of arrays") from error


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, no more than it says it has."""
    with archive.open(member) as file:
        return file.read(member.file_size)


def _parsed(file: BinaryIO) -> Any:
    """The array of a `.npy`; a PickledArray where it holds objects."""
    shape, is_fortran, dtype = _header(file)
    data = file.read()
    if dtype.hasobject:
        return _pickled(data)
    if dtype.kind not in "biuf" or len(data) != math.prod(shape) * dtype.itemsize:
        raise RecordError("file", "array whose data do not fill its shape")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if is_fortran else "C")


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(file)
    except Exception as error:  # it evaluates a literal, for which Python's parser raises whatever it likes
        raise RecordError("file", "not an array of NumPy") from error
    if not all(0 <= size < 1 << 40 for size in shape):
        raise RecordError("file", "array of impossible shape")
    return shape, is_fortran, dtype


def _pickled(data: bytes) -> PickledArray:
    try:
        array = pickled.load(data)
    except PickleError as error:
        raise RecordError("file", "pickle of other things than arrays") from error
    if not isinstance(array, PickledArray):
        raise RecordError("file", "pickle of other things than arrays")
    return array


def _item(value: Any) -> Any:
    """The object in an array of one object; any other value as it is."""
    try:
        return value.item() if isinstance(value, PickledArray) else value
    except PickleError as error:
        raise RecordError("file", "pickle of other things than arrays") from error


def _wrong(folder: Path, source: str, found: str, *, where: str) -> SourceError:
    expected = f"files ({' or '.join(SUFFIXES)}) with the regions of a picture each"
    return wrong_file(folder, source, expected=expected, found=found, where=where)
