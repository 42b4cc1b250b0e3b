"""Parquet files of others: opened with the error of a wrong file, and their one column of a kind found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import SourceError
from data.sources.files import open_source, wrong_file


@contextmanager
def opened(path: Path, source: str) -> Iterator[pq.ParquetFile]:
    """A Parquet file with a row in it. Raises SourceError where it is none, breaks off or is wrong anywhere."""
    open_source(path, source).close()
    try:
        with pq.ParquetFile(path) as file:
            if not file.metadata.num_rows:
                raise wrong_file(path, source, expected="Parquet with rows", found="no row in it")
            yield file
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        found = f"Parquet that breaks off or is wrong ({type(error).__name__})"
        raise wrong_file(path, source, expected="Parquet", found=found) from error


def column_of(
    file: pq.ParquetFile, path: Path, is_fit: Callable[[pa.DataType], bool], *, wanted: str, what: str, way_out: str
) -> str:
    """The column `wanted` if it is there, else the only one that `is_fit`. Raises SourceError where that is none."""
    schema: pa.Schema = file.schema_arrow
    fit = sorted({str(field.name) for field in schema if is_fit(field.type)})
    if schema.names.count(wanted) == 1 and wanted in fit:
        return wanted
    if len(fit) == 1 and schema.names.count(fit[0]) == 1:
        return fit[0]
    names = ", ".join(f"{field.name[:32]}: {str(field.type)[:32]}" for field in list(schema)[:8])
    raise SourceError(
        expected=f"a column {wanted!r} of {what}, or one such column alone",
        found=f"{len(fit)} of {what}, of the columns {names}",
        where=str(path),
        way_out=way_out,
    )
