"""How contracts are held: a breach names the file and the first rows. Tables are read a row group at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data import tables
from data.errors import ContractError
from data.vocabulary import Vocabulary

_NUM_NAMED = 3  # rows that a message names


def row_groups(path: Path, schema: pa.Schema) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table, a row group at a time, once its columns are seen to be those of `schema`."""
    return (table.to_pylist() for table in tables_of_row_groups(path, schema))


def tables_of_row_groups(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """As `row_groups`, for rules that look at whole columns."""
    with pq.ParquetFile(path) as file:
        found = file.schema_arrow
        same = found.names == schema.names and all(found.field(f.name).type == f.type for f in schema)
        hold(
            same, path, f"columns {', '.join(f'{f.name}: {f.type}' for f in schema)}", [], str(found.remove_metadata())
        )
        for number in range(file.num_row_groups):
            table = file.read_row_group(number)
            for column in schema:
                absent = not column.nullable and table[column.name].null_count > 0
                hold(not absent, path, f"no missing {column.name}", [], f"{table[column.name].null_count} missing")
            yield table


class RowRules(Protocol):
    """What must hold of each row of a table; `path` is the part that the row is in."""

    path: Path

    def check(self, row: dict[str, Any]) -> None:
        """Raise ContractError at the first rule that a row breaks. Rows come in their order."""
        ...


def check_parts(folder: Path, schema: pa.Schema, rules: RowRules) -> None:
    """Hold `rules` of every row of a table in parts."""
    for rules.path in tables.parts(folder):
        for rows in row_groups(rules.path, schema):
            for row in rows:
                rules.check(row)


def hold_all(good: NDArray[np.bool_], ids: NDArray[Any], path: Path, expected: str) -> None:
    """`good` has one entry or one array of entries for each of `ids`."""
    bad = ids[~good.all(axis=tuple(range(1, good.ndim)))].tolist()
    hold(not bad, path, expected, bad, f"{len(bad)} images of which it is not true")


def hold(good: bool, path: Path, expected: str, rows: Sequence[str], found: str = "otherwise") -> None:
    """Raise ContractError unless `good`; `rows` are the ids of those of which it is not true."""
    if good:
        return
    named = f", {', '.join(rows[:_NUM_NAMED])}" if rows else ""
    raise ContractError(
        expected=expected,
        found=found,
        where=f"{path}{named}",
        way_out="nothing was published; this is a fault of the builder: please report it with this message",
    )


def check_token_ids(
    token_ids: list[int], vocabulary: Vocabulary, max_length: int, path: Path, named: list[str]
) -> None:
    """From [CLS] to [SEP], at least one word piece between them, none of which is another special but [UNK]."""
    cls_id, sep_id = vocabulary.cls_id, vocabulary.sep_id
    ends = (token_ids[:1], token_ids[-1:])
    hold(ends == ([cls_id], [sep_id]), path, "token_ids from [CLS] to [SEP]", named, str(token_ids[:5]))
    inner = token_ids[1:-1]
    hold(bool(inner) and len(token_ids) <= max_length, path, f"3 to {max_length} token_ids", named, str(len(token_ids)))
    forbidden = {cls_id, sep_id, vocabulary.pad_id, vocabulary.mask_id}
    allowed = all(0 <= number < vocabulary.size and number not in forbidden for number in inner)
    hold(allowed, path, f"word pieces below {vocabulary.size} and no specials", named, str(inner[:5]))
