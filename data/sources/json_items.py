"""Members of a list inside a JSON file of any size, one at a time: memory is flat, and hostile files are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import ijson
import numpy as np

from data.errors import SourceError
from data.sources.files import open_source, wrong_file

MAX_DEPTH = 64
MAX_ITEM_BYTES = 64 << 20
_BLOCK = 1 << 16
_STEP = np.zeros(256, np.int32)
_STEP[list(b"[{")] = 1
_STEP[list(b"]}")] = -1


def items(path: Path, source: str, *, under: str | None = None) -> Iterator[tuple[str, Any]]:
    """The members of the list under the key `under`, or of a file that is one list, each with its place in the file.

    Raises SourceError where the file is missing, empty, cut off at any byte, no JSON, no UTF-8, nested deeper than
    `MAX_DEPTH`, of another shape, or without a single member.
    """
    prefix = "item" if under is None else f"{under}.item"
    expected = "one JSON list" if under is None else f"a JSON object with a list under {under!r}"
    number = -1
    with open_source(path, source) as file:
        _check_opening(file, path, source, opening=b"[" if under is None else b"{", expected=expected)
        guarded = _Guarded(file, path, source, item_depth=1 if under is None else 2)
        try:
            for number, item in enumerate(ijson.items(guarded, prefix, use_float=True, buf_size=_BLOCK)):
                yield f"{under or ''}[{number}]", item
        except (ijson.JSONError, UnicodeDecodeError) as error:
            found = f"JSON that breaks off or is wrong after {number + 1:,} records ({_first_line(error)})"
            raise wrong_file(path, source, expected=expected, found=found) from error
    if number < 0:
        raise wrong_file(path, source, expected=expected, found="no member in such a list")


def _check_opening(file: BinaryIO, path: Path, source: str, *, opening: bytes, expected: str) -> None:
    """Look at the first byte that is no space (a whole block of space is no file of ours), then go back."""
    first = file.read(_BLOCK).lstrip()[:1]
    if first != opening:
        found = f"a file that starts with {first!r}" if first else "an empty file"
        raise wrong_file(path, source, expected=expected, found=found)
    file.seek(0)


class _Guarded:
    """A JSON file whose `read` refuses what would make the parser's memory grow without bound.

    ijson joins the path to every value, so the memory for nesting grows with the square of its depth: 50,000 open
    brackets, 50 KB of file, take 3 GB.
    """

    def __init__(self, file: BinaryIO, path: Path, source: str, *, item_depth: int) -> None:
        self._file = file
        self._path = path
        self._source = source
        self._item_depth = item_depth
        self._depth = 0
        self._in_text = False
        self._escaped = False
        self._num_bytes_of_item = 0

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        outside = self._outside_texts(block)
        depths = self._depth + np.cumsum(_STEP[np.frombuffer(outside, np.uint8)])
        if depths.size:
            self._depth = int(depths[-1])
            if depths.max() > MAX_DEPTH:
                raise self._refusal(f"values nested at most {MAX_DEPTH} deep", "deeper nesting")
        between_items = depths.size and depths.min() <= self._item_depth
        self._num_bytes_of_item = 0 if between_items else self._num_bytes_of_item + len(block)
        if self._num_bytes_of_item > MAX_ITEM_BYTES:
            raise self._refusal(f"records of at most {MAX_ITEM_BYTES >> 20} MiB", "a larger one")
        return block

    def _outside_texts(self, block: bytes) -> bytes:
        """The bytes of `block` that lie outside quotes; what is inside may hold brackets that mean nothing."""
        if self._escaped:
            block = block[1:]
            self._escaped = False
        if b"\\" in block:
            block, self._escaped = _without_escapes(block)
        parts = block.split(b'"')
        outside = b" ".join(parts[self._in_text :: 2])
        self._in_text ^= len(parts) % 2 == 0
        return outside

    def _refusal(self, expected: str, found: str) -> SourceError:
        return wrong_file(self._path, self._source, expected=expected, found=found)


def _without_escapes(block: bytes) -> tuple[bytes, bool]:
    r"""`block` without `\x` pairs, and whether it ends in the first half of one."""
    parts = block.replace(b"\\\\", b"").split(b"\\")
    kept = parts[0] + b"".join(part[1:] for part in parts[1:])
    return kept, len(parts) > 1 and not parts[-1]


def _first_line(error: Exception) -> str:
    return str(error).strip("b'").split("\n")[0].split("\\n")[0]
