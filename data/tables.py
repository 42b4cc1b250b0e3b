"""Tables in parts: `part-00000.parquet` on in one folder, read in order as if they were one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute

from data.errors import ContractError

SUFFIX = ".parquet"


def parts(folder: Path) -> list[Path]:
    """The parts of a table, in order. Raises ContractError where there are none."""
    found = sorted(folder.glob(f"part-*{SUFFIX}"))
    if not found:
        raise ContractError(
            expected="a table in parts, part-00000.parquet on",
            found="none",
            where=str(folder),
            way_out="give the command that builds it again",
        )
    return found


def read(folder: Path, columns: Sequence[str] | None = None, *, where: compute.Expression | None = None) -> pa.Table:
    """The rows of all parts for which `where` is true."""
    wanted = None if columns is None else list(columns)
    return pa.concat_tables([pq.read_table(part, columns=wanted, filters=where) for part in parts(folder)])


def num_rows(folder: Path) -> int:
    """The number of rows of all parts."""
    return sum(pq.read_metadata(part).num_rows for part in parts(folder))
