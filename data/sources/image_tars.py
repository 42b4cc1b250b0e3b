"""Tar shards with pictures, in WebDataset's form: `key.jpg`, with `key.txt`, `key.cls` or `key.json` beside it.

Only the pictures are read here. Shards are not compressed, so that any member can be read by itself.
https://github.com/webdataset/webdataset#the-webdataset-format
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from data.records import Marks, OwnPicture, PictureReader, Reject, Rejection, Source
from data.sources.files import open_source, wrong_file
from data.sources.own_pictures import is_picture, own_id, reader_of, why_not

NAME = "image_tars"
_BLOCK = 512
_BROKEN = (tarfile.TarError, OSError, ValueError, OverflowError, EOFError, IndexError, MemoryError)
_EXPECTED = "a whole tar file that is not compressed, with pictures in it"


def located(path: Path, reject: Reject) -> Iterator[OwnPicture]:
    """Every member that is called like a picture. Raises SourceError where the archive is cut off, wrong, or empty."""
    open_source(path, NAME).close()
    is_empty = True
    for member in _members(path):
        if not (member.isreg() and is_picture(member.name)) or member.issparse():
            continue
        is_empty = False
        reason = why_not(member.name)
        if reason is None:
            place = (member.offset_data, member.size)
            yield OwnPicture(image_id=own_id(path, member.name), name=member.name, place=place)
        else:
            reject(Rejection(source=NAME, record=ascii(member.name)[:64], field="name", reason=reason))
    if is_empty:
        raise wrong_file(path, NAME, expected=_EXPECTED, found="none")


def read(path: Path, place: tuple[int, int]) -> bytes | None:
    """The bytes at an offset, so many; None where the archive is gone or ends before."""
    offset, size = place
    try:
        with path.open("rb", buffering=0) as file:
            encoded = os.pread(file.fileno(), size, offset)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        return None
    return encoded if len(encoded) == size else None


def _members(path: Path) -> Iterator[tarfile.TarInfo]:
    """The members, none of which is kept in memory. Raises SourceError at what is no tar or breaks off."""
    try:
        with tarfile.open(path, "r:") as archive:
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # where it keeps all that it has seen
                yield member
            if not _is_end(path, archive.offset):
                raise tarfile.ReadError(f"no member and no end at byte {archive.offset:,}")
    except _BROKEN as error:
        found = f"tar that breaks off or is wrong ({str(error)[:60] or type(error).__name__})"
        raise wrong_file(path, NAME, expected=_EXPECTED, found=found) from error


def _is_end(path: Path, offset: int) -> bool:
    """Whether there is a block of zeros, by which an archive ends: at anything else tarfile stops without a word."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(_BLOCK) == bytes(_BLOCK)


PICTURES = PictureReader(located=located, read=read)
SOURCE = Source(
    name=NAME,
    title="Tar shards of pictures (WebDataset)",
    address="https://github.com/webdataset/webdataset",
    reads={"images": reader_of(PICTURES)},
    pictures=PICTURES,
    marks=(Marks(pattern=r"^[\s\S]{257}ustar"),),
)
