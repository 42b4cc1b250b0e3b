"""`multigrain show`: what a corpus holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

import data
from data.opening import ASIDE, Description, Opened, Table
from pipeline import asked
from pipeline.output import say_columns, say_json, size

_LONGEST = 60  # characters of a cell
_MANY = 20  # files that are listed one by one


def command(
    context: typer.Context,
    corpus: Annotated[
        str,
        typer.Argument(
            metavar="CORPUS",
            autocompletion=asked.complete_label,
            help="a label in current/: PhraseCorpus, BenchmarkCorpus-vqa, RegionFeatures, ...",
        ),
    ],
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=0, help="rows of its table to show")] = 3,
    as_json: asked.JsonOption = False,
) -> None:
    """Say what a corpus holds. Counts by split and reason, columns and datasets with types, and a few rows."""
    with asked.workspace(context.args) as store:
        opened = data.open(corpus, store.root)
    described, first = opened.describe(), _first_rows(opened, rows)
    if as_json:
        say_json({"description": described, "rows": first})
        return
    print(f"{described.name}: {described.path}")
    for lines in (_counts(described.counts), _datasets(described), _files(described)):
        say_columns(lines)
    for table in described.tables:
        print(f"{table.name}: {table.num_rows:,} rows{_about(table)}")
        if table.name not in ASIDE:
            say_columns(("  " + column.name, column.type, column.about) for column in table.columns)
    for number, row in enumerate(first):
        print(f"row {number}")
        say_columns((f"  {name}", _cell(value)) for name, value in row.items())


def _first_rows(opened: Opened, num_rows: int) -> list[dict[str, Any]]:
    """Of the main table; none where there is no table."""
    has_table = any(table not in ASIDE for table in opened.tables)
    rows: list[dict[str, Any]] = opened.head(num_rows).to_pylist() if has_table and num_rows else []
    return [{name: _sized(value) for name, value in row.items()} for row in rows]


def _sized(value: Any) -> Any:
    """The value; of bytes, which no screen and no JSON can show, how many there are."""
    return f"{len(value):,} bytes" if isinstance(value, bytes) else value


def _counts(counts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A line for each number: `rows  train 60, validation 12`, `rejected  12 of an empty caption`."""
    for name, value in counts.items():
        if not isinstance(value, Mapping):
            yield f"  {name}", _number(value)
        elif name in ("rejected", "filtered", "notes"):
            for reason, number in value.items():
                yield f"  {name}", f"{reason}: {_number(number)}"
        else:
            yield f"  {name}", ", ".join(f"{part} {_number(number)}" for part, number in value.items())


def _datasets(described: Description) -> Iterator[tuple[str, ...]]:
    for each in described.datasets:
        yield f"  {each.file}", each.name, " x ".join(f"{length:,}" for length in each.shape), each.type


def _files(described: Description) -> Iterator[tuple[str, str]]:
    if len(described.files) > _MANY:
        yield f"  {len(described.files):,} files", size(sum(described.files.values()))
        return
    for name, num_bytes in described.files.items():
        yield f"  {name}", size(num_bytes)


def _about(table: Table) -> str:
    return "".join(f"; {name.replace('_', ' ')} {value}" for name, value in table.about.items())


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _cell(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
