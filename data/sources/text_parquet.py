"""Texts in a column of Parquet, a document a row; each line of it that is not blank is a text.

The column is the one that `[TextCorpus] text_column` names, else `text`, else the only one of texts.
https://parquet.apache.org
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.errors import SourceError
from data.records import Marks, Reject, Rejection, Source, TextRecord
from data.sources.fields import RecordError, as_text, as_written
from data.sources.parquet import column_of, opened

NAME = "text_parquet"
_ROWS_AT_ONCE = 256


def texts(path: Path, reject: Reject) -> Iterator[TextRecord]:
    """The texts of every row of the column `text`, or of the only column of texts."""
    return texts_in(path, reject, "")


def texts_in(path: Path, reject: Reject, column: str) -> Iterator[TextRecord]:
    """The texts of every row of a column, called by the file's name, the row and their number there."""
    with opened(path, NAME) as file:
        way_out = "name the column: [TextCorpus] text_column in luigi.cfg"
        name = column_of(file, path, _is_text, wanted=column or "text", what="texts", way_out=way_out)
        if column and name != column:
            expected = f"the column {column!r} of texts, which [TextCorpus] text_column names"
            raise SourceError(expected=expected, found=f"a column {name!r}", where=str(path), way_out=way_out)
        number = 0
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=[name]):
            for value in batch.column(0).to_pylist():
                yield from _texts(value, f"{path.name}:{number}", reject)
                number += 1


def _texts(value: Any, document_id: str, reject: Reject) -> Iterator[TextRecord]:
    try:
        lines = [as_text(line, "text") for line in as_written(value, "text").splitlines() if line.strip()]
        if not lines:
            raise RecordError("text", "empty text")
    except RecordError as bad:
        reject(Rejection(source=NAME, record=document_id, field=bad.field, reason=bad.reason))
        return
    for number, line in enumerate(lines):
        yield TextRecord(document_id=document_id, text_id=f"{document_id}.{number}", text=line)


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


SOURCE = Source(
    name=NAME,
    title="Texts in a column of Parquet, a document a row",
    address="https://parquet.apache.org",
    reads={"texts": texts},
    in_column={"texts": texts_in},
    marks=(Marks(pattern=r"^PAR1"),),
)
