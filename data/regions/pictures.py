"""Pictures in the user's folders: finding them by name, and opening what may be broken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from data.errors import SourceError
from data.sources import SourceFiles, all_sources

MAX_PIXELS = 100_000_000
SHAPE_TOLERANCE = 0.02  # how far width : height may be from the listed one; resized copies are welcome


class PictureError(Exception):
    """A picture that cannot be used; its text is the reason, a short fixed phrase."""


def find(files: SourceFiles, names: frozenset[str]) -> dict[str, Path]:
    """The path of each of `names` that lies anywhere below a folder of pictures; the first in sorted order wins."""
    found: dict[str, Path] = {}
    for source in (source.name for source in all_sources().values() if source.is_folder):
        for folder in files.get(source, ()):
            for path in _below(folder, source):
                if path.name in names:
                    found.setdefault(path.name, path)
    return found


def open_picture(path: Path, *, width_px: int, height_px: int) -> Image.Image:
    """The picture in RGB, decoded. Raises PictureError where it is broken, huge, or not shaped as it was listed."""
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise PictureError("picture too large")
            if abs(width * height_px - height * width_px) > SHAPE_TOLERANCE * width * height_px:
                raise PictureError("picture of another shape than listed")
            return picture.convert("RGB")
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:  # PIL has no one error
        raise PictureError("picture that cannot be decoded") from error


def _below(folder: Path, source: str) -> Iterator[Path]:
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
