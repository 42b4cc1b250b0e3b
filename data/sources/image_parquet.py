"""Pictures in a column of Parquet: encoded bytes, or Hugging Face's `image`, a struct of `bytes` and `path`.

The column is `image`, else the only one of such a kind. A struct whose `bytes` are absent names a file elsewhere, and
its row is rejected. https://huggingface.co/docs/datasets/image_dataset
"""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.records import Marks, OwnPicture, PictureReader, Reject, Source
from data.sources.files import wrong_file
from data.sources.own_pictures import numbered_id, reader_of
from data.sources.parquet import column_of, opened

NAME = "image_parquet"
MAX_GROUP_BYTES = 1 << 31
"""A group of rows is in memory at a time, once in each worker."""


def located(path: Path, reject: Reject) -> Iterator[OwnPicture]:
    """Every row, called by its number. Raises SourceError where there is no such column, or groups are too large."""
    with opened(path, NAME) as file:
        _column(file, path)
        groups = (file.metadata.row_group(number) for number in range(file.num_row_groups))
        largest = max(group.total_byte_size for group in groups)
        if largest > MAX_GROUP_BYTES:
            found = f"one of {largest >> 20:,} MiB"
            expected = f"groups of rows of at most {MAX_GROUP_BYTES >> 20:,} MiB (row_group_size=100)"
            raise wrong_file(path, NAME, expected=expected, found=found)
        num_rows = file.metadata.num_rows
    for number in range(num_rows):
        yield OwnPicture(image_id=numbered_id(path, number), name=f"row {number}", place=number)


def read(path: Path, place: int) -> bytes | None:
    """The bytes in the row of that number; None where there are none."""
    seen = path.stat()
    ends, column = _layout(path, seen.st_mtime_ns, seen.st_size)
    group = bisect.bisect_right(ends, place)
    if group == len(ends):
        return None
    first = ends[group - 1] if group else 0
    value = _group(path, seen.st_mtime_ns, seen.st_size, group, column)[place - first].as_py()
    return value.get("bytes") if isinstance(value, dict) else value


@functools.lru_cache(maxsize=8)
def _layout(path: Path, mtime_ns: int, size: int) -> tuple[tuple[int, ...], str]:
    """Where each group of rows ends, and the column, of a file as it is now."""
    with opened(path, NAME) as file:
        sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        return tuple(itertools.accumulate(sizes)), _column(file, path)


@functools.lru_cache(maxsize=1)
def _group(path: Path, mtime_ns: int, size: int, number: int, column: str) -> pa.ChunkedArray:
    """The column in a group of rows; the last one read is kept, since rows are asked for in their order."""
    with opened(path, NAME) as file:
        return file.read_row_group(number, columns=[column])[column]


def _column(file: pq.ParquetFile, path: Path) -> str:
    way_out = "keep one such column in the file, or call it image"
    what = "encoded pictures (binary, or a struct with bytes)"
    return column_of(file, path, _is_encoded, wanted="image", what=what, way_out=way_out)


def _is_encoded(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        names = [kind.field(place).name for place in range(kind.num_fields)]
        return names.count("bytes") == 1 and _is_encoded(kind.field("bytes").type)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


PICTURES = PictureReader(located=located, read=read)
SOURCE = Source(
    name=NAME,
    title="Pictures in a column of Parquet",
    address="https://huggingface.co/docs/datasets/image_dataset",
    reads={"images": reader_of(PICTURES)},
    pictures=PICTURES,
    marks=(Marks(pattern=r"^PAR1[\s\S]*\b(image|bytes)\b"),),
)
