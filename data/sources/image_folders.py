"""Folders of pictures of the user's own, at any depth, such as one folder a class; files that are no picture are left.

A picture is called by its path, so that what the folder above it is called, where it is a class, can be seen there.
https://pillow.readthedocs.io/en/stable/handbook/image-file-formats.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import OwnPicture, PictureReader, Reject, Rejection, Source
from data.sources.files import files_in, wrong_file
from data.sources.own_pictures import is_picture, own_id, reader_of, why_not

NAME = "image_folders"


def located(path: Path, reject: Reject) -> Iterator[OwnPicture]:
    """Every file below the folder that is called like a picture. Raises SourceError where there is none."""
    is_empty = True
    for file in files_in(path, NAME):
        if not is_picture(file.name) or not file.is_file():
            continue
        is_empty = False
        name = file.relative_to(path).as_posix()
        reason = why_not(name)
        if reason is None:
            yield OwnPicture(image_id=own_id(path, name), name=name, place=name)
        else:
            record = ascii(name)[:64]
            reject(Rejection(source=NAME, record=record, field="name", reason=reason))
    if is_empty:
        raise wrong_file(path, NAME, expected="a folder with pictures anywhere below it", found="none")


def read(path: Path, place: str) -> bytes | None:
    """The bytes of the file at that path below the folder; None where it is gone."""
    try:
        return (path / place).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        return None


PICTURES = PictureReader(located=located, read=read)
SOURCE = Source(
    name=NAME,
    title="Folders of pictures of your own",
    address="https://pillow.readthedocs.io/en/stable/handbook/image-file-formats.html",
    reads={"images": reader_of(PICTURES)},
    is_folder=True,
    pictures=PICTURES,
)
