"""The distinct ones of many millions of texts, sorted, in a file: no text is a Python object on the way."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

_MIN_MERGED = 1_000_000
_SCHEMA = pa.schema([pa.field("text", pa.large_string(), nullable=False)])


def write(batches: Iterable[pa.Array], path: Path) -> int:
    """Write the distinct texts that are not empty, in the order of their bytes (that of characters), and count them."""
    found = _distinct(batches)
    in_order = found.take(pc.array_sort_indices(found))
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.ipc.new_file(path, _SCHEMA) as file:
        file.write_table(pa.table({"text": in_order}, schema=_SCHEMA))
    return len(in_order)


def read(path: Path, rows: range) -> pa.Array:
    """Some of the texts; no more than these are in memory."""
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all().slice(rows.start, len(rows))
        texts: pa.Array = table["text"].cast(pa.string()).combine_chunks()
        return texts


def _distinct(batches: Iterable[pa.Array]) -> pa.Array:
    """Each text once, merged whenever as many wait as were found so far: so little is looked at more than twice."""
    found = pa.array([], pa.large_string())
    waiting: list[pa.Array] = []
    num_waiting = 0
    for batch in batches:
        waiting.append(batch.unique().cast(pa.large_string()))
        num_waiting += len(waiting[-1])
        if num_waiting >= max(_MIN_MERGED, len(found)):
            found = _merged([found, *waiting])
            waiting, num_waiting = [], 0
    return _merged([found, *waiting])


def _merged(parts: list[pa.Array]) -> pa.Array:
    texts: pa.Array = pa.chunked_array(parts, pa.large_string()).unique()
    return texts.filter(pc.not_equal(texts, ""))
