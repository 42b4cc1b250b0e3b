"""The distinct ones of many millions of texts, sorted, in a file: no text is a Python object, and memory stays flat.

All texts are first written down; then one range of the alphabet after another is taken from there, made distinct and
sorted. Where the ranges lie follows from a sample of the texts, so that they are about equally large.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

_TEXTS_PER_RANGE = 500_000
_SAMPLE_EVERY = 500
_SCHEMA = pa.schema([pa.field("text", pa.string(), nullable=False)])


def write(batches: Iterable[pa.Array], path: Path) -> int:
    """Write the distinct texts that are not empty, in the order of their bytes (that of characters), and count them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(f"{path.name}.waiting")
    bounds = _write_down(batches, waiting)
    num_distinct = 0
    with pa.ipc.new_file(path, _SCHEMA) as file:
        for low, high in zip([None, *bounds], [*bounds, None], strict=True):
            texts = _distinct(_between(waiting, low, high))
            file.write_table(pa.table([texts], schema=_SCHEMA))
            num_distinct += len(texts)
    waiting.unlink()
    return num_distinct


def read(path: Path, rows: range) -> pa.Array:
    """Some of the texts; no more than these are in memory."""
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all().slice(rows.start, len(rows))
        return pa.concat_arrays([pa.array([], pa.string()), *table["text"].chunks])


def _write_down(batches: Iterable[pa.Array], path: Path) -> list[str]:
    """Write all texts, and return the bounds between ranges of them."""
    sample: set[str] = set()
    num_texts = 0
    with pa.ipc.new_file(path, _SCHEMA) as file:
        for batch in batches:
            texts = batch.unique()
            file.write_batch(pa.record_batch([texts.filter(pc.not_equal(texts, ""))], schema=_SCHEMA))
            sample.update(texts[::_SAMPLE_EVERY].to_pylist())
            num_texts += len(texts)
    ordered = sorted(sample)
    step = max(len(ordered) * _TEXTS_PER_RANGE // max(num_texts, 1), 1)
    return ordered[step::step]


def _between(path: Path, low: str | None, high: str | None) -> Iterator[pa.Array]:
    """The texts from `low` on and before `high`, where these are given."""
    with pa.memory_map(str(path)) as mapped:
        file = pa.ipc.open_file(mapped)
        for number in range(file.num_record_batches):
            texts = file.get_batch(number)["text"]
            if low is not None:
                texts = texts.filter(pc.greater_equal(texts, low))
            yield texts if high is None else texts.filter(pc.less(texts, high))


def _distinct(parts: Iterable[pa.Array]) -> pa.Array:
    texts = pa.chunked_array(list(parts), pa.string()).unique()
    return texts.take(pc.array_sort_indices(texts))
