"""GLUE's files of tab-separated values: a line of column names, then a row a line; quotation marks mean nothing.

The labels of GLUE's test files were never published. So the dev file is the test split here, and a share of the
training rows, drawn by their first sentence, is for validation. https://gluebenchmark.com/tasks
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from data import draws
from data.records import QuestionRecord, Reject, Split
from data.sources.fields import RecordError
from data.sources.files import open_source, wrong_file
from data.sources.lines import MAX_TEXT_LINE, decoded, records

VALIDATION_RATE = 0.05  # of the training rows
_HELD_OUT = {"dev", "valid", "validation"}
_UNLABELLED = {"test"}

Row = Mapping[str, str]
"""The values of a row by the names of their columns."""


def rows(
    path: Path,
    make: Callable[[Row, str, bool], QuestionRecord],
    *,
    source: str,
    columns: Sequence[str],
    reject: Reject,
) -> Iterator[QuestionRecord]:
    """`make(row, id, is_test)` of every row of a file that has at least these columns, in any order.

    Raises SourceError where a column is missing, the last line has no end, or the file's name says that it is a test
    file, which has no labels.
    """
    header, is_test = _header(path, source, columns), _is_test(path, source)
    names, part, numbers = _names(header), re.sub(r"[^\w.-]", "_", path.stem, flags=re.ASCII), count()

    def row(line: bytes) -> QuestionRecord | None:
        if line == header:  # again where files were put together
            return None
        number = next(numbers)
        if not line.endswith(b"\n"):
            raise RecordError("line", "cut off")
        values = decoded(line).split("\t")
        if len(values) != len(names):
            raise RecordError("line", "not as many values as columns")
        return make(dict(zip(names, values, strict=True)), f"{source}:{part}-{number}", is_test)

    return (made for made in records(path, row, source=source, reject=reject) if made is not None)


def split_of(sentence: str, *, is_test: bool) -> Split:
    """The split of a row: training rows that share their first sentence share it."""
    if is_test:
        return "test"
    share = draws.uniform(0, 0, draws.row_keys([sentence]), "validation", 1)[0, 0]
    return "validation" if share < VALIDATION_RATE else "train"


def label_of(row: Row, column: str, labels: Mapping[str, str]) -> str:
    """What a label means."""
    if row[column] not in labels:
        raise RecordError(column, f"none of {', '.join(labels)}")
    return labels[row[column]]


def _header(path: Path, source: str, columns: Sequence[str]) -> bytes:
    """The line of column names."""
    with open_source(path, source) as file:
        header = file.readline(MAX_TEXT_LINE)
    missing = [column for column in columns if column not in _names(header)]
    if missing:
        expected = f"a first line with the columns {', '.join(columns)}, separated by tabs"
        raise wrong_file(path, source, expected=expected, found=f"no {' and no '.join(missing)}", where="line 1")
    return header


def _names(header: bytes) -> list[str]:
    return header.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r\n").split("\t")


def _is_test(path: Path, source: str) -> bool:
    """Whether a file is GLUE's dev file, by its name: `dev.tsv`, `dev_matched.tsv`."""
    words = set(re.split(r"[^a-z]+", path.stem.lower()))
    if words & _UNLABELLED:
        expected = "train.tsv and dev.tsv, which have labels"
        raise wrong_file(path, source, expected=expected, found="a test file, whose labels were never published")
    return bool(words & _HELD_OUT)
