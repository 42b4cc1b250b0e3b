"""Reading the files of artifacts with their shape checked: what is not as docs/formats.md says is a ContractError."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from data import tables
from data.errors import ContractError

_MISSING = object()


def refuse(expected: str, found: object, where: str) -> NoReturn:
    """Raise the ContractError of an artifact that is not as it should be."""
    raise ContractError(
        expected=expected,
        found=repr(found)[:120],
        where=where,
        way_out="delete that artifact's folder and give the same command again: it is built anew",
    )


def json_object(path: Path) -> dict[str, Any]:
    """The JSON object that the file holds."""
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        refuse("JSON", error, str(path))
    return value if isinstance(value, dict) else refuse("a JSON object", value, str(path))


def table(path: Path, names: Sequence[str] | None = None) -> pa.Table:
    """The Parquet table that the file holds; of columns by `names` those that it has."""
    try:
        known = pq.read_schema(path).names
        return pq.read_table(path, columns=known if names is None else [name for name in names if name in known])
    except (pa.ArrowException, OSError) as error:
        refuse("a Parquet table", error, str(path))


def columns(path: Path, schema: pa.Schema) -> pa.Table:
    """The columns of `schema`, in its order and types, of a table or a folder of its parts; no rows where none is."""
    if not path.exists():
        return schema.empty_table()
    found = [table(part, schema.names) for part in (tables.parts(path) if path.is_dir() else [path])]
    try:
        return pa.concat_tables(found).select(schema.names).cast(schema)
    except (pa.ArrowException, KeyError, ValueError) as error:
        refuse(f"the columns {', '.join(schema.names)}", error, str(path))


def child(record: dict[str, Any], field: str, where: str) -> dict[str, Any]:
    """A field that is an object."""
    value = record.get(field)
    return value if isinstance(value, dict) else refuse("an object", value, f"{where}, {field}")


def rows(found: pa.Table, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """These rows of a table as Python values by column."""
    taken: list[dict[str, Any]] = found.take(pa.array(numbers, pa.int64())).to_pylist()
    return taken


def objects(record: dict[str, Any], field: str, where: str) -> dict[str, dict[str, Any]]:
    """A field that is an object of objects, in natural order; absent: empty."""
    value = record.get(field, {})
    if not isinstance(value, dict) or not all(isinstance(inner, dict) for inner in value.values()):
        refuse("an object of objects", value, f"{where}, {field}")
    return _in_natural_order(value)


def numbers(record: dict[str, Any], field: str, where: str) -> dict[str, float]:
    """A field that is an object of finite numbers, in natural order; absent: empty."""
    value = record.get(field, {})
    if not isinstance(value, dict):
        refuse("an object of numbers", value, f"{where}, {field}")
    return {key: number(value, key, f"{where}, {field}") for key in _in_natural_order(value)}


def known_numbers(record: dict[str, Any], field: str, where: str) -> dict[str, float]:
    """As `numbers`, but a value may be null, which says that there was nothing to take it of: it is left out."""
    value = record.get(field, {})
    known = {key: inner for key, inner in value.items() if inner is not None} if isinstance(value, dict) else value
    return numbers({field: known}, field, where)


def number(record: dict[str, Any], field: str, where: str) -> float:
    """A field that is a finite number."""
    value = record.get(field, _MISSING)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        refuse("a finite number", "nothing" if value is _MISSING else value, f"{where}, {field}")
    return value


def text(record: dict[str, Any], field: str, where: str) -> str:
    """A field that is a string."""
    value = record.get(field, _MISSING)
    if not isinstance(value, str):
        refuse("a string", "nothing" if value is _MISSING else value, f"{where}, {field}")
    return value


def texts(record: dict[str, Any], field: str, where: str) -> list[str]:
    """A field that is a list of strings; absent: empty."""
    value = record.get(field, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        refuse("a list of strings", value, f"{where}, {field}")
    return value


def scores(record: dict[str, Any], field: str, where: str) -> dict[str, dict[str, float]]:
    """A field that is an object of groups of numbers, in natural order; absent: empty."""
    groups = objects(record, field, where)
    return {group: numbers(groups, group, f"{where}, {field}") for group in groups}


def _in_natural_order(value: dict[str, Any]) -> dict[str, Any]:
    """Keys sorted with their numbers as numbers: R@5 before R@10."""
    return {key: value[key] for key in sorted(value, key=lambda key: (_parts(key), key))}


def _parts(key: str) -> list[tuple[int, str]]:
    return [(int(digits or 0), letters) for digits, letters in re.findall(r"([0-9]*)([^0-9]*)", key)]
