"""The order of an epoch as a file: which rows share which mini-batch, and what decided it (docs/formats.md, "orders/").

Legend: N rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.digests import make_durable
from data.writers import write_parquet

FOLDER = "orders"
_DECIDED_BY = b"decided_by"
_FIELDS = (("row", pa.int64()), ("row_id", pa.string()), ("batch", pa.int64()))


class UnusableError(Exception):
    """Why an order cannot be used."""


@dataclass(frozen=True, kw_only=True)
class OrderFiles:
    """The orders of one stream, an epoch a file. `decided_by` is what all of them rest on, the corpus included."""

    folder: Path
    row_ids: Sequence[str]
    decided_by: Mapping[str, Any]
    prefix: str = ""

    def path(self, epoch: int) -> Path:
        """Where the order of an epoch lies."""
        return self.folder / f"{self.prefix}epoch-{epoch:03}.parquet"

    def write(self, epoch: int, batches: Sequence[NDArray[np.int64]]) -> None:
        """Have the order on the disk, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        rows_N, batches_N = flat(batches)
        ids = pa.array(self.row_ids, pa.string()).take(pa.array(rows_N))
        table = pa.table([pa.array(rows_N), ids, pa.array(batches_N)], names=[name for name, _ in _FIELDS])
        fields = [pa.field(name, kind, nullable=False) for name, kind in _FIELDS]
        aside = self.path(epoch).with_suffix(".partial")
        write_parquet(aside, table, pa.schema(fields, metadata={_DECIDED_BY: self._decided(epoch)}))
        make_durable(aside)
        aside.replace(self.path(epoch))
        make_durable(self.folder)

    def read(self, epoch: int) -> list[NDArray[np.int64]]:
        """The mini-batches of an epoch. Raises UnusableError, and removes the file, where there are none to be used."""
        try:
            table = pq.read_table(self.path(epoch))
            self._check(table, epoch)
        except (OSError, pa.ArrowException, UnusableError) as error:
            self.path(epoch).unlink(missing_ok=True)
            raise UnusableError(str(error)) from error
        return unflat(table["row"].to_numpy(), table["batch"].to_numpy())

    def _check(self, table: pa.Table, epoch: int) -> None:
        if (table.schema.metadata or {}).get(_DECIDED_BY) != self._decided(epoch):
            raise UnusableError("it was made for another corpus or with other settings")
        if not np.array_equal(np.sort(table["row"].to_numpy()), np.arange(len(self.row_ids))):
            raise UnusableError("it does not hold every row once")

    def _decided(self, epoch: int) -> bytes:
        return json.dumps({"epoch": epoch, **self.decided_by}, sort_keys=True).encode()


def flat(batches: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All rows in their order, and the number of the mini-batch of each, (N,)."""
    return np.concatenate(batches), np.repeat(np.arange(len(batches)), [len(rows_B) for rows_B in batches])


def unflat(rows_N: NDArray[np.int64], batches_N: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The mini-batches that `flat` took apart."""
    return np.split(rows_N, np.flatnonzero(np.diff(batches_N)) + 1)
