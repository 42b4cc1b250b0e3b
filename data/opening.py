"""Artifacts opened for a look: `data.open("PhraseCorpus")` gives a corpus as pandas, as Arrow, and described.

What is opened is what `<workspace>/current/` leads to: nothing is built, and nothing is checked against its manifest.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import dataset

from data import hard_negatives, tables
from data.digests import files_below
from data.errors import UserError
from data.hard_negatives import HardNegatives
from data.pictures import store as picture_store
from data.pictures.store import PictureStore
from data.regions import store as region_store
from data.regions.store import RegionStore
from data.sources import SourceFiles

if TYPE_CHECKING:
    import pandas as pd

ASIDE = ("filtered", "rejected")
"""Tables of what a corpus left out."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table; `about` is what its schema says of units and meaning, empty where it says nothing."""

    name: str
    type: str
    about: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, in one file or in parts; `about` is what its schema says of the whole of it."""

    name: str
    num_rows: int
    columns: tuple[Column, ...]
    about: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset of an HDF5 file."""

    file: str
    name: str
    shape: tuple[int, ...]
    type: str


@dataclass(frozen=True, kw_only=True)
class Description:
    """What an artifact holds: what it says of its own rows, its tables (the main one first), datasets and files."""

    name: str
    path: Path
    counts: Mapping[str, Any]
    """Of counts.json: rows by split, rejected and filtered by reason, notes; empty where there is none."""
    tables: tuple[Table, ...]
    datasets: tuple[Dataset, ...]
    files: Mapping[str, int]
    """Bytes by path."""


@dataclass(frozen=True)
class Opened:
    """An artifact's result: `path` is its folder, whose files are read only when they are asked for."""

    name: str
    path: Path

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables: a folder of parts, or a Parquet file without its suffix; the main one first."""
        names = {file.parent if file.name.startswith("part-") else file.with_suffix("") for file in self._parquet()}
        known = (name.relative_to(self.path).as_posix() for name in names)
        return tuple(sorted(known, key=lambda name: (name in ASIDE, not (self.path / name).is_dir(), name)))

    def arrow(self, columns: Sequence[str] | None = None, *, table: str | None = None) -> pa.Table:
        """The rows of the main table, or of another; all columns, or those named. Raises UserError."""
        name = self._named(table)
        known = self._schema(name).names
        for column in columns or ():
            if column not in known:
                raise _unknown("column", column, known, where=f"{self.path}, {name}")
        parts = self._parts(name)
        return pa.concat_tables(
            [pq.read_table(part, columns=None if columns is None else [*columns]) for part in parts]
        )

    def head(self, num_rows: int, *, table: str | None = None) -> pa.Table:
        """The first rows of the main table, or of another, without reading all of it."""
        return dataset.dataset([str(part) for part in self._parts(self._named(table))]).head(num_rows)

    def pandas(self, columns: Sequence[str] | None = None, *, table: str | None = None) -> pd.DataFrame:
        """The same as a data frame; lists are numpy arrays."""
        frame: pd.DataFrame = self.arrow(columns, table=table).to_pandas()
        return frame

    def regions(self) -> RegionStore:
        """The region store, its features mapped into memory. Raises UserError where this is none."""
        return RegionStore.open(self._file(region_store.FILE_NAME))

    def pictures(self, files: SourceFiles | None = None) -> PictureStore:
        """The store of pictures; `files`: the folders under [sources], where it keeps none. Raises UserError."""
        self._named(picture_store.TABLE)
        return PictureStore.open(self.path, files or {})

    def hard_negatives(self) -> HardNegatives:
        """The index of hard negatives. Raises UserError where this is none."""
        return hard_negatives.load(self._file(hard_negatives.FILE_NAME).parent)

    def describe(self) -> Description:
        """What it holds; no row is read."""
        counts = self.path / "counts.json"
        return Description(
            name=self.name,
            path=self.path,
            counts=json.loads(counts.read_text("utf-8")) if counts.is_file() else {},
            tables=tuple(self._table(name) for name in self.tables),
            datasets=tuple(each for file in sorted(self.path.glob("*.h5")) for each in _datasets(file)),
            files={name: file.stat().st_size for name, file in files_below(self.path)},
        )

    def _named(self, table: str | None) -> str:
        """The table of that name, or the main one. Raises UserError."""
        name = table or next((name for name in self.tables if name not in ASIDE), None)
        if name is None:
            raise self._without_tables()
        if name not in self.tables:
            raise _unknown("table", name, self.tables, where=str(self.path))
        return name

    def _parquet(self) -> Iterator[Path]:
        yield from self.path.glob("*.parquet")
        yield from self.path.glob(f"*/part-*{tables.SUFFIX}")

    def _parts(self, name: str) -> list[Path]:
        folder = self.path / name
        return tables.parts(folder) if folder.is_dir() else [folder.with_name(f"{folder.name}.parquet")]

    def _schema(self, name: str) -> pa.Schema:
        return pq.read_schema(self._parts(name)[0])

    def _table(self, name: str) -> Table:
        schema = self._schema(name)
        said = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
        return Table(
            name=name,
            num_rows=sum(pq.read_metadata(part).num_rows for part in self._parts(name)),
            columns=tuple(
                Column(name=field.name, type=str(field.type), about=said.get(field.name, "")) for field in schema
            ),
            about={key: value for key, value in said.items() if key not in schema.names},
        )

    def _file(self, name: str) -> Path:
        if not (self.path / name).is_file():
            raise UserError(
                expected=f"an artifact with {name}",
                found=f"{self.name}, which has {', '.join(sorted(path.name for path in self.path.iterdir()))}",
                where=str(self.path),
                way_out="describe() tells what it has",
            )
        return self.path / name

    def _without_tables(self) -> UserError:
        readers = {
            region_store.FILE_NAME: "regions() opens its store",
            hard_negatives.FILE_NAME: "hard_negatives() loads its index",
        }
        fitting = (way for file, way in readers.items() if (self.path / file).is_file())
        return UserError(
            expected="an artifact with a table",
            found=f"{self.name}, which has none",
            where=str(self.path),
            way_out=next(fitting, "describe() tells what it has"),
        )


def open(name: str, workspace: str | Path = "./workspace") -> Opened:
    """The artifact that the last command used or made under this label. Raises UserError where there is none.

    Labels are the names of tasks, with what tells variants apart: `ImageTable`, `BenchmarkCorpus-vqa`.
    """
    current = Path(workspace).expanduser() / "current"
    result = current / name / "result"
    if not result.is_dir():
        known = sorted(link.parent.name for link in current.glob("*/result"))
        raise _unknown("label", name, known, where=str(current))
    return Opened(name=name, path=result.resolve())


def _datasets(file: Path) -> list[Dataset]:
    with h5py.File(file, "r") as opened:
        return [
            Dataset(file=file.name, name=name, shape=tuple(each.shape), type=str(each.dtype))
            for name, each in sorted(opened.items())
        ]


def _unknown(what: str, name: str, known: Sequence[str], *, where: str) -> UserError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return UserError(
        expected=f"a {what}: {', '.join(known) or 'there is none yet'}",
        found=f"{name}{f' (did you mean {near[0]}?)' if near else ''}",
        where=where,
        way_out="name one of these"
        if known
        else "build it first (luigi --module pipeline NAME), or name another folder",
    )
