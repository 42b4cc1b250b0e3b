"""One HDF5 file that several processes fill, each its own range of rows, and that a kill at any point leaves usable.

HDF5 lays the file out once: contiguous datasets at known places. From then on rows are plain bytes at an offset, and
the library, which would leave a file that it cannot open if it were killed, is not asked again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

from data.digests import make_durable
from data.shards import Workplace, link_or_copy

_BLOCK_BYTES = 2**19  # read at a time: what a processor's cache holds
_PIECE_BYTES = 2**17  # written at a time: for more, Linux looks for memory in one piece, which costs more than a copy


@dataclass(frozen=True, kw_only=True)
class Column:
    """A dataset of the file: the shape and type of one of its rows, and where the first lies, in bytes."""

    shape: tuple[int, ...]
    dtype: str
    offset: int = 0

    @property
    def row_bytes(self) -> int:
        """The size of one row."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, kw_only=True)
class RowFile:
    """A file that was laid out by `lay_out`; can be sent to workers."""

    path: Path
    num_rows: int
    columns: Mapping[str, Column]

    def write(self, start: int, values: Mapping[str, NDArray[Any]]) -> None:
        """Write consecutive rows, of every column, from row `start` on. Call `seal` before they are relied on."""
        descriptor = os.open(self.path, os.O_WRONLY)
        try:
            for name, column in self.columns.items():
                rows = np.ascontiguousarray(values[name], column.dtype)
                assert rows.shape[1:] == column.shape, f"{name} has rows of {rows.shape[1:]}, not {column.shape}"
                assert start + len(rows) <= self.num_rows, f"row {start + len(rows) - 1} of {self.num_rows}"
                _write_all(descriptor, rows.reshape(-1).view(np.uint8).data, column.offset + start * column.row_bytes)
        finally:
            os.close(descriptor)

    def read(self, name: str) -> NDArray[Any]:
        """All rows of a column, mapped into memory."""
        column = self.columns[name]
        shape = (self.num_rows, *column.shape)
        return np.memmap(self.path, column.dtype, mode="r", offset=column.offset, shape=shape)

    def seal(self, rows: range) -> str:
        """Have what was written on the disk; returns the digest of these rows as they lie in the file."""
        with ThreadPoolExecutor(1) as other:  # the disk is waited for meanwhile
            on_disk = other.submit(make_durable, self.path)
            digest = self.digest(rows)
            on_disk.result()
        return digest

    def digest(self, rows: range) -> str:
        """The SHA-256 of these rows of every column, columns in the order of their names."""
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            for block in self._blocks(file, rows):
                digest.update(block)
        return digest.hexdigest()

    def copy(self, rows: range, other: Path) -> None:
        """Take these rows from a file of the same layout, as far as it has them."""
        descriptor = os.open(self.path, os.O_WRONLY)
        try:
            with other.open("rb") as file:
                for column in self.columns.values():
                    place = column.offset + rows.start * column.row_bytes
                    for block in _read(file, place, len(rows) * column.row_bytes):
                        _write_all(descriptor, block, place)
                        place += len(block)
        finally:
            os.close(descriptor)
        make_durable(self.path)

    def _blocks(self, file: BinaryIO, rows: range) -> Iterator[memoryview]:
        for name in sorted(self.columns):
            column = self.columns[name]
            yield from _read(file, column.offset + rows.start * column.row_bytes, len(rows) * column.row_bytes)

    def rest(self) -> str:
        """The SHA-256 of everything but the rows: the layout itself, and the datasets that came with it."""
        digest = hashlib.sha256()
        place = 0
        with self.path.open("rb") as file:
            for column in sorted(self.columns.values(), key=lambda column: column.offset):
                for block in _read(file, place, column.offset - place):
                    digest.update(block)
                place = column.offset + self.num_rows * column.row_bytes
            for block in _read(file, place, os.fstat(file.fileno()).st_size - place):
                digest.update(block)
        return digest.hexdigest()


def lay_out(path: Path, *, num_rows: int, columns: Mapping[str, Column], fixed: Mapping[str, NDArray[Any]]) -> RowFile:
    """A file whose rows can be written: what a killed build left at `path` if its layout is the same, else a new one.

    `fixed` are datasets that are written at once, such as ids.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    fresh = RowFile(path=aside, num_rows=num_rows, columns=_create(aside, num_rows, columns, fixed))
    make_durable(aside)
    laid = RowFile(path=path, num_rows=num_rows, columns=fresh.columns)
    is_same = path.is_file() and path.stat().st_size == aside.stat().st_size and laid.rest() == fresh.rest()
    if is_same:
        aside.unlink()
    else:
        aside.replace(path)
        make_durable(path.parent)
    return laid


@dataclass(frozen=True, kw_only=True)
class RowRanges:
    """Shards that are ranges of rows of one file."""

    workplace: Workplace
    file: RowFile
    ranges: Mapping[str, range]

    def digest(self, name: str) -> str | None:
        """The digest of the shard's rows."""
        return self.file.digest(self.ranges[name])

    def take(self, name: str, damaged: Path) -> None:
        """Copy the shard's rows, as far as the damaged file has them."""
        other = damaged / self.file.path.name
        if other.is_file():
            self.file.copy(self.ranges[name], other)

    def publish(self, into: Path) -> None:
        """Link the file."""
        link_or_copy(self.file.path, into / self.file.path.name)


def _create(
    path: Path, num_rows: int, columns: Mapping[str, Column], fixed: Mapping[str, NDArray[Any]]
) -> dict[str, Column]:
    """Write the layout; returns the columns with their places. No times, and no fill: every row will be written."""
    with h5py.File(path, "w") as file:
        for name, values in fixed.items():
            file.create_dataset(name, data=values, track_times=False)
        for name, column in columns.items():
            early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            shape = (num_rows, *column.shape)
            file.create_dataset(name, shape, column.dtype, fill_time="never", track_times=False, dcpl=early)
        return {
            name: Column(shape=column.shape, dtype=column.dtype, offset=file[name].id.get_offset() or 0)
            for name, column in columns.items()
        }


def _write_all(descriptor: int, view: memoryview, place: int) -> None:
    while view:
        num_written = os.pwrite(descriptor, view[:_PIECE_BYTES], place)
        view, place = view[num_written:], place + num_written


def _read(file: BinaryIO, place: int, num_bytes: int) -> Iterator[memoryview]:
    """That many bytes from that place, in blocks that last until the next; fewer where the file ends before."""
    buffer = memoryview(bytearray(min(_BLOCK_BYTES, num_bytes)))
    while num_bytes > 0 and (num_read := os.preadv(file.fileno(), [buffer[:num_bytes]], place)):
        yield buffer[:num_read]
        place, num_bytes = place + num_read, num_bytes - num_read
