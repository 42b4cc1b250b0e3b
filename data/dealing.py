"""Records dealt out to the shards that will work on them: one file a shard, in the order in which they came.

The files are Arrow streams end to end, written as they fill up, so that memory stays flat however many there are.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_MAX_WAITING = 500_000  # records that are in memory at a time


class Dealer:
    """Deals records of `schema` out to shards; to be used in a `with`, after which `path` is complete."""

    def __init__(self, folder: Path, schema: pa.Schema, shards: Sequence[str]) -> None:
        self._folder = folder
        self._schema = schema
        self._shards = tuple(shards)
        self._waiting: list[pa.Table] = []
        self._numbers: list[NDArray[np.int64]] = []

    def __enter__(self) -> Self:
        """Begin afresh, whatever a killed build left."""
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True)
        for shard in self._shards:
            self.path(shard).touch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what still waits."""
        if error is None:
            self._write()

    def path(self, shard: str) -> Path:
        """The file of a shard."""
        return self._folder / f"{shard}.arrows"

    def deal(self, records: pa.Table, numbers: NDArray[np.int64]) -> None:
        """Give each record to the shard of its number."""
        self._waiting.append(records)
        self._numbers.append(numbers)
        if sum(map(len, self._numbers)) >= _MAX_WAITING:
            self._write()

    def _write(self) -> None:
        if not self._waiting:
            return
        numbers = np.concatenate(self._numbers)
        order = np.argsort(numbers, kind="stable")
        records = pa.concat_tables(self._waiting).combine_chunks().take(pa.array(order))
        found, starts = np.unique(numbers[order], return_index=True)
        for number, start, stop in zip(found.tolist(), starts, [*starts[1:], len(order)], strict=True):
            with (
                self.path(self._shards[number]).open("ab") as file,
                pa.ipc.new_stream(file, self._schema) as stream,
            ):
                stream.write_table(records.slice(start, stop - start))
        self._waiting, self._numbers = [], []


def dealt(path: Path, schema: pa.Schema) -> pa.Table:
    """All records that were dealt to a shard, in their order."""
    num_bytes = path.stat().st_size
    tables = [schema.empty_table()]
    with path.open("rb") as file:
        while file.tell() < num_bytes:
            with pa.ipc.open_stream(file) as stream:
                tables.append(stream.read_all())
    return pa.concat_tables(tables).combine_chunks()
