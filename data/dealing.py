"""Records dealt out to the shards that will work on them: one file a shard, in the order in which they came.

The files are Arrow streams end to end, written as they fill up, so that memory stays flat however many there are.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

_MAX_WAITING = 100_000  # records that are Python objects at a time


class Dealer:
    """Deals records of `schema` out to shards; to be used in a `with`, after which `path` is complete."""

    def __init__(self, folder: Path, schema: pa.Schema, shards: Sequence[str]) -> None:
        self._folder = folder
        self._schema = schema
        self._waiting: dict[str, list[tuple[Any, ...]]] = {shard: [] for shard in shards}
        self._num_waiting = 0

    def __enter__(self) -> Self:
        """Begin afresh, whatever a killed build left."""
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._folder.mkdir(parents=True)
        for shard in self._waiting:
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

    def deal(self, shard: str, record: tuple[Any, ...]) -> None:
        """Give a record, its values in the order of the schema, to a shard."""
        self._waiting[shard].append(record)
        self._num_waiting += 1
        if self._num_waiting >= _MAX_WAITING:
            self._write()

    def _write(self) -> None:
        for shard, records in self._waiting.items():
            if records:
                columns = dict(zip(self._schema.names, zip(*records, strict=True), strict=True))
                with self.path(shard).open("ab") as file, pa.ipc.new_stream(file, self._schema) as stream:
                    stream.write_table(pa.table(_lists(columns), schema=self._schema))
                records.clear()
        self._num_waiting = 0


def dealt(path: Path, schema: pa.Schema) -> pa.Table:
    """All records that were dealt to a shard, in their order."""
    num_bytes = path.stat().st_size
    tables = [schema.empty_table()]
    with path.open("rb") as file:
        while file.tell() < num_bytes:
            with pa.ipc.open_stream(file) as stream:
                tables.append(stream.read_all())
    return pa.concat_tables(tables)


def _lists(columns: Mapping[str, tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: list(values) for name, values in columns.items()}
