"""Which publisher's format a file or folder is in, by what is in it and not by its name.

Only the beginning and the end of a file are read (COCO's captions and its instances begin alike, for megabytes), and
only the first names of each folder. Each source says itself by what its files are known (`Marks`).
"""

from __future__ import annotations

import functools
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.records import Marks
from data.sources import all_sources

_BYTES = 1 << 16  # of the beginning, and of the end
_MAX_NAMES = 5_000
_MAX_NAMES_OF_FOLDER = 200  # pictures of several collections may lie side by side, each in folders of its own
_KEY = re.compile(r'"([A-Za-z_][A-Za-z0-9_]{0,31})"\s*:')
_PACKED = {"\x1f\x8b": "gzip", "PK\x03\x04": "zip", "BZh": "bzip2", "7z\xbc\xaf": "7z", "\xfd7zXZ": "xz"}


def looks_like(path: Path) -> tuple[str, ...]:
    """The names of the sources whose format it seems to be in: none where nothing fits or it cannot be read.

    Several where they share a format (the two lists of images, the questions of GQA). Never raises.
    """
    seen = _look(path)
    return tuple(name for name, source in all_sources().items() if any(_fits(marks, seen) for marks in source.marks))


def likeness(path: Path, wanted: str) -> str | None:
    """What a file that was given as the source `wanted` looks like instead, as the end of a sentence; else None.

    None too where it does look like `wanted`, or like nothing that is known, and where `wanted` may look like anything
    (pictures of a user's own). Never raises.
    """
    known = all_sources()
    if not known[wanted].marks:
        return None
    packed = _packed_with(path)
    if packed is not None and not looks_like(path):
        return f"it is packed with {packed}: unpack it"
    found = looks_like(path)
    if not found or wanted in found:
        return None
    names = " or ".join(f"{known[name].title} ([sources] {name})" for name in found)
    return f"it looks like {names}, and [sources] {wanted} wants {known[wanted].title}"


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What was seen of a path: of a file `text` (its beginning and its end), of a folder some names below it."""

    text: str = ""
    names: tuple[str, ...] = ()

    @functools.cached_property
    def keys(self) -> frozenset[str]:
        """The names that stand before a colon."""
        return frozenset(_KEY.findall(self.text))


def _look(path: Path) -> _Seen:
    try:
        if path.is_dir():
            return _Seen(names=tuple(itertools.islice(_names_below(path), _MAX_NAMES)))
        return _Seen(text=_ends(path)) if path.is_file() else _Seen()
    except (OSError, ValueError):  # ValueError: a path with a zero byte
        return _Seen()


def _ends(path: Path) -> str:
    """The beginning and the end of a file, a byte a sign."""
    with path.open("rb") as file:
        beginning = file.read(_BYTES)
        file.seek(max(file.seek(0, os.SEEK_END) - _BYTES, len(beginning)))
        return (beginning.removeprefix(b"\xef\xbb\xbf") + file.read(_BYTES)).decode("latin-1")


def _names_below(folder: Path) -> Iterator[str]:
    for _, _, names in os.walk(folder):
        yield from names[:_MAX_NAMES_OF_FOLDER]


def _fits(marks: Marks, seen: _Seen) -> bool:
    if marks.member:
        return any(re.fullmatch(marks.member, name) for name in seen.names)
    return (
        seen.text.lstrip().startswith(marks.opening)
        and seen.keys.issuperset(marks.keys)
        and seen.keys.isdisjoint(marks.without)
        and bool(seen.text and re.search(marks.pattern, seen.text))
    )


def _packed_with(path: Path) -> str | None:
    """The program that packed the file; None where none did."""
    text = _look(path).text
    return next((program for magic, program in _PACKED.items() if text.startswith(magic)), None)
