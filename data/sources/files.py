"""Opening a source file or folder, and the error for one that is not what it should be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from data.errors import SourceError


def open_source(path: Path, source: str) -> BinaryIO:
    """The file in bytes. Raises SourceError where it is missing, a folder, or closed to us."""
    try:
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise SourceError(
            expected="a file that can be read",
            found=(error.strerror or "no such file").lower(),
            where=str(path),
            way_out=f"correct [sources] {source} in luigi.cfg, or put the file there",
        ) from error


def files_in(folder: Path, source: str) -> Iterator[Path]:
    """Every file of a folder and of those below, a folder's own before those below it, sorted. Raises SourceError."""

    def refuse(error: OSError) -> None:
        raise SourceError(
            expected="a folder that can be read",
            found=(error.strerror or "no such folder").lower(),
            where=str(error.filename or folder),
            way_out=f"correct [sources] {source} in luigi.cfg",
        ) from error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names))


def wrong_file(path: Path, source: str, *, expected: str, found: str, where: str = "") -> SourceError:
    """The error for a file that is cut off or in another format; `where` is the place inside it."""
    from data.detecting import likeness  # it knows all sources, which know this module

    seems = likeness(path, source)
    way_out = f"download it again, or set [sources] {source} in luigi.cfg to the right file"
    return SourceError(
        expected=expected,
        found=found,
        where=f"{path}, {where}" if where else str(path),
        way_out=way_out if seems is None else f"{seems}; set it in luigi.cfg to the right file",
    )
