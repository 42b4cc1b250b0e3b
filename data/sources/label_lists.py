"""Vocabularies of labels: one label a line, aliases after commas, and no newline after the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.sources.fields import RecordError, as_text
from data.sources.files import wrong_file
from data.sources.lines import decoded, raw_lines

_MAX_LINE_BYTES = 1_000  # the longest of the published ones has 106


def labels(path: Path, *, source: str) -> Iterator[str]:
    """The first alias of each line. Raises SourceError for a bad line: a line's number is its label's id."""
    for number, line in raw_lines(path, source, _MAX_LINE_BYTES):
        try:
            label = as_text(decoded(line).split(",")[0], "label")
        except RecordError as bad:
            where = f"line {number}"
            raise wrong_file(path, source, expected="one label a line", found=bad.reason, where=where) from bad
        yield label
