"""A detector's tables read by their short columns alone: the features, which are 99 % of a line, wait in the file.

They are the last column, and as long as the number of boxes says. Where a line end lies behind them they are passed
over; whatever is not plainly such a line is read whole, and judged as every line would be if it were.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from data.records import IsChecked, RegionRecord, Reject
from data.schema import FEATURE_SIZE
from data.sources.fields import RecordError
from data.sources.files import open_source
from data.sources.lines import LineJudge, another, empty, too_long
from data.sources.region_tsv import MAX_BOXES, Form, features_of, num_boxes_of, of_line

MAX_LINE_BYTES = 2 << 20  # 100 boxes make 1.1 MiB
_HEAD_BYTES = 8 << 10  # the short columns of 100 boxes are less than 6 KiB
_USUAL_LINE_BYTES = 386 << 10  # of 36 boxes
_NUM_AHEAD = 8  # lines


def located(
    path: Path, reject: Reject, is_checked: IsChecked, *, form: Form, source: str
) -> Iterator[tuple[int, RegionRecord]]:
    """The record of each line with the line's offset in bytes. Raises SourceError as lines.located does.

    Lines are read whole until one is good, so that a file of another format is known at once.
    """
    judge = LineJudge(path, source, reject)
    number = offset = 0
    with open_source(path, source) as file:
        lines = _Lines(file, form)
        while True:
            number += 1
            skimmed = None if judge.num_good == 0 or is_checked(offset) else lines.skim(offset)
            if skimmed is not None:
                yield offset, skimmed[0]
                offset = skimmed[1]
                continue
            line = lines.whole(offset)
            if not line:
                break
            if len(line) > MAX_LINE_BYTES:
                raise too_long(path, source, MAX_LINE_BYTES, where=f"line {number}")
            try:
                record = of_line(line, form)
            except RecordError as bad:
                judge.take_bad(number, line, bad)
            else:
                judge.num_good += 1
                yield offset, record
            offset += len(line)
    if number == 1:
        raise empty(path, source)
    judge.close()


def at(path: Path, offsets: Iterable[int], *, form: Form, source: str) -> Iterator[RegionRecord]:
    """The records of the lines at these offsets of a file that was read before.

    Raises SourceError where another line is there by now.
    """
    with open_source(path, source) as file:
        lines = _Lines(file, form)
        for offset in _announced(file, offsets):
            skimmed = lines.skim(offset)
            try:
                yield of_line(lines.whole(offset), form) if skimmed is None else skimmed[0]
            except RecordError as bad:
                raise another(path, source, offset, bad) from bad


def _announced(file: BinaryIO, offsets: Iterable[int]) -> Iterator[int]:
    """The offsets, announced to the system some lines ahead, which then reads these while others are decoded."""
    waiting: deque[int] = deque()
    for offset in offsets:
        if hasattr(os, "posix_fadvise"):  # not on macOS
            os.posix_fadvise(file.fileno(), offset, _USUAL_LINE_BYTES, os.POSIX_FADV_WILLNEED)
        waiting.append(offset)
        if len(waiting) > _NUM_AHEAD:
            yield waiting.popleft()
    yield from waiting


class _Lines:
    """An open table. What is read of it goes through one buffer."""

    def __init__(self, file: BinaryIO, form: Form) -> None:
        self._file = file
        self._form = form
        self._buffer = bytearray(_num_signs(MAX_BOXES))

    def whole(self, offset: int) -> bytes:
        """The line at an offset with its end, or one byte more than a line may have; empty where the file ends."""
        self._file.seek(offset)
        return self._file.readline(MAX_LINE_BYTES + 1)

    def skim(self, offset: int) -> tuple[RegionRecord, int] | None:
        """The record of the line at an offset, its features left where they are, and the offset of the next line.

        None where the line is bad, or does not show where it ends.
        """
        head = os.pread(self._file.fileno(), _HEAD_BYTES, offset)
        values = head.split(b"\t", len(self._form.names) - 1)
        num_before = len(head) - len(values[-1])
        if len(values) != len(self._form.names) or head.find(b"\n", 0, num_before) >= 0:
            return None
        columns = dict(zip(self._form.names, values, strict=True))
        try:
            num_boxes = num_boxes_of(columns)
            features = partial(self._features, offset + num_before, num_boxes)
            record = self._form.record(columns, num_boxes, features)
        except RecordError:
            return None
        end = offset + num_before + _num_signs(num_boxes)
        line_end = os.pread(self._file.fileno(), 2, end)
        if line_end[:1] == b"\n":
            return record, end + 1
        return (record, end + 2) if line_end == b"\r\n" else None

    def _features(self, offset: int, num_boxes: int) -> NDArray[np.float32]:
        text = memoryview(self._buffer)[: _num_signs(num_boxes)]
        num_read = os.preadv(self._file.fileno(), [text], offset)
        return features_of(text[:num_read], num_boxes)


def _num_signs(num_boxes: int) -> int:
    """How long the features of so many boxes are in base64: four signs for three bytes, float32 each."""
    return 4 * -(-4 * num_boxes * FEATURE_SIZE // 3)
