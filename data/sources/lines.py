"""Files of one record a line, read with flat memory whatever the file's size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from data.errors import SourceError
from data.records import Reject, Rejection
from data.sources.fields import RecordError
from data.sources.files import open_source, wrong_file

MAX_BAD_AT_START = 20  # so many bad lines and no good one: the file is something else
MAX_TEXT_LINE = 1 << 20
Record = TypeVar("Record")


def raw_lines(path: Path, source: str, max_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Each line with its number from 1, line end included. Raises SourceError for an empty file or a longer line."""
    number = 0
    with open_source(path, source) as file:
        while line := file.readline(max_bytes + 1):
            number += 1
            if len(line) > max_bytes:
                raise too_long(path, source, max_bytes, where=f"line {number}")
            yield number, line
    if number == 0:
        raise empty(path, source)


def records(
    path: Path, make: Callable[[bytes], Record], *, source: str, reject: Reject, max_bytes: int = MAX_TEXT_LINE
) -> Iterator[Record]:
    """`make` of each line; lines of which it raises RecordError are rejected. Raises SourceError as `located` does."""
    return (record for _, record in located(path, make, source=source, reject=reject, max_bytes=max_bytes))


def located(
    path: Path, make: Callable[[bytes], Record], *, source: str, reject: Reject, max_bytes: int = MAX_TEXT_LINE
) -> Iterator[tuple[int, Record]]:
    """As `records`, each with the offset of its line in bytes.

    Raises SourceError where the file opens with bad lines only, and where the last line is bad and has no line end: it
    was cut off.
    """
    judge = LineJudge(path, source, reject)
    next_offset = 0
    for number, line in raw_lines(path, source, max_bytes):
        offset, next_offset = next_offset, next_offset + len(line)
        try:
            record = make(line)
        except RecordError as bad:
            judge.take_bad(number, line, bad)
        else:
            judge.num_good += 1
            yield offset, record
    judge.close()


class LineJudge:
    """Counts the good and the bad lines of a file, and says when they are not those of its format."""

    def __init__(self, path: Path, source: str, reject: Reject) -> None:
        self._path = path
        self._source = source
        self._reject = reject
        self._num_bad = 0
        self.num_good = 0

    def take_bad(self, number: int, line: bytes, bad: RecordError) -> None:
        """Reject the line of that number. Raises SourceError as `located` does."""
        self._num_bad += 1
        if not line.endswith(b"\n"):
            raise self._error(number, bad, "a last line that is whole") from bad
        if self.num_good == 0 and self._num_bad == MAX_BAD_AT_START:
            raise self._error(number, bad, "lines of this format") from bad
        self._reject(Rejection(source=self._source, record=f"line {number}", field=bad.field, reason=bad.reason))

    def close(self) -> None:
        """Raise SourceError if the file had no good line."""
        if self.num_good == 0:
            found = f"{self._num_bad} lines, none of them good"
            raise wrong_file(self._path, self._source, expected="lines of this format", found=found)

    def _error(self, number: int, bad: RecordError, expected: str) -> SourceError:
        found = f"{bad.field}: {bad.reason}"
        return wrong_file(self._path, self._source, expected=expected, found=found, where=f"line {number}")


def records_at(
    path: Path, offsets: Iterable[int], make: Callable[[bytes], Record], *, source: str, max_bytes: int
) -> Iterator[Record]:
    """`make` of the lines at these offsets of a file that was read before.

    Raises SourceError where another line is there by now.
    """
    with open_source(path, source) as file:
        for offset in offsets:
            file.seek(offset)
            try:
                yield make(file.readline(max_bytes + 1))
            except RecordError as bad:
                raise another(path, source, offset, bad) from bad


def decoded(line: bytes) -> str:
    """A line as text, without its end and without a byte order mark."""
    try:
        return line.decode("utf-8").removeprefix("\ufeff").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise RecordError("line", "invalid UTF-8") from error


def empty(path: Path, source: str) -> SourceError:
    """The error for a file without a line."""
    return wrong_file(path, source, expected="at least one line", found="an empty file")


def too_long(path: Path, source: str, max_bytes: int, *, where: str) -> SourceError:
    """The error for a line of more than `max_bytes`."""
    return wrong_file(path, source, expected=f"lines of at most {max_bytes:,} bytes", found="a longer one", where=where)


def another(path: Path, source: str, offset: int, bad: RecordError) -> SourceError:
    """The error for a line that was good in the first reading, and is none in the second."""
    return wrong_file(
        path,
        source,
        expected="the same lines in both readings",
        found=f"{bad.field}: {bad.reason}",
        where=f"byte {offset}",
    )
