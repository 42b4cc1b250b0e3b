"""Pictures of the user's own that no file describes: what each is called, and which files are pictures.

`own:` and a digest of the name of the folder or file and of the name inside it: a moved folder changes none of them, a
renamed one all. Two of one name are one picture to us; the image table rejects the second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from data.records import ImageRecord, PictureReader, Reader, Reject

COLLECTION = "own"
SUFFIXES = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"))
MAX_BYTES = 2**25
"""An encoded picture larger than this (32 MiB) is rejected."""
_MAX_NAME = 512


def is_own(image_id: str) -> bool:
    """Whether the image is one that no file describes."""
    return image_id.startswith(f"{COLLECTION}:")


def own_id(path: Path, name: str) -> str:
    """The id of the picture of that name in a folder or file."""
    return f"{COLLECTION}:{_digest(f'{path.name}/{name}')}"


def numbered_id(path: Path, number: int) -> str:
    """The id of the picture in a row of a file; ids sort as the rows."""
    return f"{COLLECTION}:{_digest(path.name)[:16]}-{number:010}"


def is_picture(name: str) -> bool:
    """Whether a file of that name is a picture."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def why_not(name: str) -> str | None:
    """Why a picture cannot be called so; None if it can: in Unicode, and no way out of its folder."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "name that is not Unicode"
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not name.isprintable() or len(name) > _MAX_NAME:
        return "impossible name"
    return None


def reader_of(pictures: PictureReader) -> Reader:
    """The reader of images of a source that has `pictures`."""
    return partial(_images, pictures=pictures)


def _images(path: Path, reject: Reject, *, pictures: PictureReader) -> Iterator[ImageRecord]:
    for found in pictures.located(path, reject):
        yield ImageRecord(image_id=found.image_id, file_name=found.name, width_px=None, height_px=None)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
