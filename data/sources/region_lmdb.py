"""A detector's regions in an LMDB: the image's name as the key, a pickled dictionary as the value (ViLBERT, VOLTA).

Under `keys` lies the list of all names, which is written last: without it the conversion broke off.
https://github.com/facebookresearch/vilbert-multi-task (script/convert_to_lmdb.py)
The optional package lmdb opens it: `pip install 'multigrain[lmdb]'`. https://lmdb.readthedocs.io
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.errors import SourceError
from data.records import RegionRecord, Reject, Rejection
from data.sources import pickled
from data.sources.fields import RecordError
from data.sources.files import open_source, wrong_file
from data.sources.ids import image_in
from data.sources.pickled import PickleError
from data.sources.region_values import region_of

FILE_NAME = "data.mdb"
_KEYS = b"keys"
_MAX_VALUE_BYTES = 8 << 20
_EXPECTED = "an LMDB of regions, an image a key"


def located(path: Path, reject: Reject, *, source: str, collection: str) -> Iterator[tuple[str, RegionRecord]]:
    """The regions of each image in the order of the keys, each with its key. Raises SourceError for a broken file."""
    num_found = 0
    with _opened(path, source) as transaction:
        if transaction.get(_KEYS) is None:
            found = "no list of keys, which is written last: its conversion broke off"
            raise wrong_file(path, source, expected=_EXPECTED, found=found)
        for key, value in transaction.cursor():
            if key == _KEYS:
                continue
            num_found += 1
            place = key.decode("utf-8", "replace")
            try:
                yield place, _record(place, value, collection)
            except RecordError as bad:
                reject(Rejection(source=source, record=place[:64], field=bad.field, reason=bad.reason))
    if not num_found:
        raise wrong_file(path, source, expected=_EXPECTED, found="no image in it")


def at(path: Path, places: Iterable[str], *, source: str, collection: str) -> Iterator[RegionRecord]:
    """The regions under these keys of a file that was read before. Raises SourceError where they are others by now."""
    with _opened(path, source) as transaction:
        for place in places:
            try:
                yield _record(place, transaction.get(place.encode()) or b"", collection)
            except RecordError as bad:
                found = f"{bad.field}: {bad.reason}"
                raise wrong_file(path, source, expected=_EXPECTED, found=found, where=place) from bad


def _record(name: str, value: bytes, collection: str) -> RegionRecord:
    image_id = image_in(collection, name)
    if image_id is None:
        raise RecordError("key", "image id of unknown form")
    if len(value) > _MAX_VALUE_BYTES:
        raise RecordError("value", f"more than {_MAX_VALUE_BYTES >> 20} MiB")
    try:
        values = pickled.load(value)
    except PickleError as error:
        raise RecordError("value", "pickle of other things than arrays") from error
    if not isinstance(values, Mapping):
        raise RecordError("value", "not a dictionary of arrays")
    return region_of(values, image_id=image_id)


@contextmanager
def _opened(path: Path, source: str) -> Iterator[Any]:
    """A transaction that reads. Raises SourceError where the file is none, or shorter than it says."""
    lmdb = _library(path)
    file = path / FILE_NAME if path.is_dir() else path
    open_source(file, source).close()
    try:
        with lmdb.open(str(path), subdir=path.is_dir(), readonly=True, lock=False, readahead=False) as environment:
            num_bytes = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
            if file.stat().st_size < num_bytes:  # it is mapped: to read behind its end would kill the process
                found = f"{file.stat().st_size:,} of {num_bytes:,} bytes: it was cut off"
                raise wrong_file(path, source, expected=_EXPECTED, found=found)
            with environment.begin() as transaction:
                yield transaction
    except lmdb.Error as error:
        raise wrong_file(path, source, expected=_EXPECTED, found=str(error)) from error


def _library(path: Path) -> types.ModuleType:
    try:
        import lmdb
    except ImportError as error:
        raise SourceError(
            expected="the package lmdb, to read an LMDB",
            found="it is not installed",
            where=str(path),
            way_out="pip install 'multigrain[lmdb]'",
        ) from error
    module: types.ModuleType = lmdb
    return module
