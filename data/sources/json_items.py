"""Members of a list or object in a JSON file of any size, one at a time: memory is flat, hostile files are refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import ijson
import numpy as np

from data.errors import SourceError
from data.sources.fields import MAX_NAME_LENGTH
from data.sources.files import open_source, wrong_file

MAX_DEPTH = 64
MAX_ITEM_BYTES = 64 << 20
_BYTES_TOGETHER = 16 << 20
_BLOCK = 1 << 16
Item = TypeVar("Item")
_OF_NUMBERS = b"0123456789+-.eE"
_NO_STRUCTURE = bytes(set(range(256)) - set(b'[{]},"'))
_STEP = np.zeros(256, np.int32)
_STEP[list(b"[{")] = 1
_STEP[list(b"]}")] = -1


def items(path: Path, source: str, *, under: str | None = None) -> Iterator[tuple[str, Any]]:
    """The members of the list under the key `under`, or of a file that is one list, each with its place in the file.

    Raises SourceError where the file is missing, empty, cut off at any byte, no JSON, no UTF-8, nested deeper than
    `MAX_DEPTH`, of another shape, or without a single member.
    """
    with _parsed(path, source, under) as (_, found):
        for number, item in enumerate(found):
            yield _place(under, number), item


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Consecutive members of a list: `first` is the number of the first of them."""

    items: list[Any]
    under: str | None
    first: int

    def named(self) -> list[tuple[str, Any]]:
        """The members with their places in the file."""
        return [(_place(self.under, number), item) for number, item in enumerate(self.items, start=self.first)]


def items_together(path: Path, source: str, *, at_once: int, under: str | None = None) -> Iterator[Batch]:
    """As `items`, so many at a time: fewer where they are large, so that memory stays flat, and at the end."""
    with _parsed(path, source, under) as (file, found):
        taken: list[Any] = []
        first, start = 0, 0
        for item in found:
            taken.append(item)
            if len(taken) == at_once or file.num_read - start >= _BYTES_TOGETHER:
                yield Batch(items=taken, under=under, first=first)
                first += len(taken)
                taken, start = [], file.num_read
        if taken:
            yield Batch(items=taken, under=under, first=first)


def members(path: Path, source: str) -> Iterator[tuple[str, tuple[str, Any]]]:
    """The members (key, value) of a file that is one object, each with its name: its key, or its place in the file.

    Raises SourceError as `items` does.
    """
    layout = _Layout(path=path, source=source, expected="one JSON object", opening=b"{", item_depth=1)
    with open_source(path, source) as file:
        found = ijson.kvitems(_guarded(file, layout), "", use_float=True, buf_size=_BLOCK)
        for number, (key, value) in enumerate(_until_it_breaks(found, layout)):
            is_name = key.isascii() and key.isprintable() and 0 < len(key) <= MAX_NAME_LENGTH
            yield key if is_name else f"[{number}]", (key, value)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layout:
    """What a file must be: its first byte, and how deep its members lie."""

    path: Path
    source: str
    expected: str
    opening: bytes
    item_depth: int

    def wrong(self, found: str) -> SourceError:
        """The error for a file that is something else."""
        return wrong_file(self.path, self.source, expected=self.expected, found=found)


@contextmanager
def _parsed(path: Path, source: str, under: str | None) -> Iterator[tuple[_Guarded, Iterator[Any]]]:
    """The members of the list, and the file that they are read from."""
    if under is None:
        layout = _Layout(path=path, source=source, expected="one JSON list", opening=b"[", item_depth=1)
    else:
        expected = f"a JSON object with a list under {under!r}"
        layout = _Layout(path=path, source=source, expected=expected, opening=b"{", item_depth=2)
    prefix = "item" if under is None else f"{under}.item"
    with open_source(path, source) as file:
        guarded = _guarded(file, layout)
        yield guarded, _until_it_breaks(ijson.items(guarded, prefix, use_float=True, buf_size=_BLOCK), layout)


def _place(under: str | None, number: int) -> str:
    return f"{under or ''}[{number}]"


def _guarded(file: BinaryIO, layout: _Layout) -> _Guarded:
    """The file for the parser, once its first byte that is no space (of the first block) is the right one."""
    first = file.read(_BLOCK).lstrip()[:1]
    if first != layout.opening:
        raise layout.wrong(f"a file that starts with {first!r}" if first else "an empty file")
    file.seek(0)
    return _Guarded(file, layout)


def _until_it_breaks(found: Iterator[Item], layout: _Layout) -> Iterator[Item]:
    """The parser's members; its complaints, and that there is none, are SourceErrors."""
    number = 0
    try:
        for item in found:
            number += 1
            yield item
    except (ijson.JSONError, UnicodeDecodeError) as error:
        message = f"JSON that breaks off or is wrong after {number:,} records ({_first_line(error)})"
        raise layout.wrong(message) from error
    if not number:
        raise layout.wrong("no member in it")


class _Guarded:
    """A JSON file whose `read` refuses what would make the parser's memory grow without bound.

    ijson joins the path to every value, so the memory for nesting grows with the square of its depth: 50,000 open
    brackets, 50 KB of file, take 3 GB.
    """

    def __init__(self, file: BinaryIO, layout: _Layout) -> None:
        self._file = file
        self._layout = layout
        self._depth = 0
        self._in_text = False
        self._escaped = False
        self._num_bytes_of_item = 0
        self.num_read = 0

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.num_read += len(block)
        if len(block) == _BLOCK and not self._in_text and not block.strip(_OF_NUMBERS):
            # The parser's time would grow with the square of its length.
            raise self._refusal("numbers of ordinary length", f"one of more than {_BLOCK:,} digits")
        outside = self._outside_texts(block)
        depths = self._depth + np.cumsum(_STEP[np.frombuffer(outside, np.uint8)])
        if depths.size:
            self._depth = int(depths[-1])
            if depths.max() > MAX_DEPTH:
                raise self._refusal(f"values nested at most {MAX_DEPTH} deep", "deeper nesting")
        between_items = depths.size and depths.min() <= self._layout.item_depth
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
        # Most texts hold nothing of structure, so that all that is left of them is two quotes, which change nothing.
        parts = block.translate(None, _NO_STRUCTURE).replace(b'""', b"").split(b'"')
        outside = b"".join(parts[self._in_text :: 2])
        self._in_text ^= len(parts) % 2 == 0
        return outside

    def _refusal(self, expected: str, found: str) -> SourceError:
        return wrong_file(self._layout.path, self._layout.source, expected=expected, found=found)


def _without_escapes(block: bytes) -> tuple[bytes, bool]:
    r"""`block` without `\x` pairs, and whether it ends in the first half of one."""
    parts = block.replace(b"\\\\", b"").split(b"\\")
    kept = parts[0] + b"".join(part[1:] for part in parts[1:])
    return kept, len(parts) > 1 and not parts[-1]


def _first_line(error: Exception) -> str:
    return str(error).strip("b'").split("\n")[0].split("\\n")[0]
