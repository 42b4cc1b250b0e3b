"""Every writer whose bytes an artifact's digest rests on: equal content gives equal bytes, in any process."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

_WHOLE_PAGE = 2**31 - 1  # bytes: the most that a page of Parquet can hold


def write_json(path: Path, value: Any) -> None:
    """JSON with sorted keys, two spaces, a newline at the end; NaN is refused."""
    path.write_text(json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")


def write_parquet(path: Path, table: pa.Table, schema: pa.Schema) -> None:
    """A table cast to `schema`, zstd level 3, row groups of 65,536; no pandas metadata, no time."""
    table = table.replace_schema_metadata(None).cast(schema).replace_schema_metadata(schema.metadata)
    pq.write_table(table, path, compression="zstd", compression_level=3, row_group_size=65_536)


def write_with_blobs(path: Path, groups: Iterable[pa.Table], schema: pa.Schema, *, blobs: str) -> None:
    """Tables cast to `schema`, a row group each, whose column `blobs` lies as it is, in one page for each row group.

    So the place of a blob in the file follows from the file's footer and the sizes of the blobs before it; a row group
    holds at most 2 GiB. The other columns are as in `write_parquet`.
    """
    others = [name for name in schema.names if name != blobs]
    with pq.ParquetWriter(
        path,
        schema,
        compression={**dict.fromkeys(others, "zstd"), blobs: "none"},
        compression_level=dict.fromkeys(others, 3),
        use_dictionary=others,
        write_statistics=others,
        data_page_size=_WHOLE_PAGE,
    ) as writer:
        for group in groups:
            writer.write_table(group.replace_schema_metadata(None).cast(schema), row_group_size=max(1, len(group)))


def write_tensors(path: Path, tensors: dict[str, NDArray[Any]]) -> None:
    """Tensors as safetensors, in the order of their names and without metadata (more than one key is unordered)."""
    from safetensors.numpy import save_file

    save_file({name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}, path)


def map_floats(path: Path, name: str, shape: Sequence[int]) -> NDArray[np.float32]:
    """One float32 tensor as safetensors, mapped to be filled in; what the file holds is kept where it is of that shape.

    For what is larger than memory should hold at once. A new one holds zeros.
    """
    num_bytes = 4 * math.prod(shape)
    header = json.dumps({name: {"dtype": "F32", "shape": list(shape), "data_offsets": [0, num_bytes]}}).encode()
    header += b" " * (-len(header) % 8)
    opening = struct.pack("<Q", len(header)) + header
    if not _starts_with(path, opening, num_bytes=len(opening) + num_bytes):
        with path.open("wb") as file:
            file.write(opening)
            file.truncate(len(opening) + num_bytes)
    return np.memmap(path, np.float32, "r+", offset=len(opening), shape=tuple(shape))


def _starts_with(path: Path, opening: bytes, *, num_bytes: int) -> bool:
    """Whether the file is there, of that size, and begins so."""
    if not path.is_file() or path.stat().st_size != num_bytes:
        return False
    with path.open("rb") as file:
        return file.read(len(opening)) == opening
