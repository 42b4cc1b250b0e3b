"""Pictures in folders by class, as ImageNet and many others come: `<folder>/<class>/<picture>`, at any depth below it.

An image is called by the digest of its place, since pictures of two classes may have the same name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from data import draws
from data.errors import SourceError
from data.records import ImageRecord, QuestionRecord, Reject, Rejection, Source, Split
from data.sources.files import files_in

SUFFIXES = (".jpeg", ".jpg", ".png")
VALIDATION_RATE = 0.1  # of the pictures to train on


def source(name: str, *, title: str) -> Source:
    """A folder of pictures by class."""
    return Source(
        name=name,
        title=title,
        address="https://www.image-net.org, or any folder that has a folder for each class",
        reads={"images": partial(images, source=name), "classes": partial(classes, source=name)},
        is_folder=True,
        pool="image_classes",
    )


def images(path: Path, reject: Reject, *, source: str) -> Iterator[ImageRecord]:
    """Every picture, by its place below the folder; its size is not given."""
    for place in _places(path, reject, source):
        image_id = _image_id(place, source)
        yield ImageRecord(
            image_id=image_id,
            file_name=str(place),
            width_px=None,
            height_px=None,
            split=_split(image_id, source),
        )


def classes(path: Path, reject: Reject, *, source: str) -> Iterator[QuestionRecord]:
    """The class of every picture: the first folder that it lies in."""
    for place in _places(path, reject, source):
        image_id = _image_id(place, source)
        yield QuestionRecord(question_id=image_id, image_ids=(image_id,), text="", answers=(place.parts[0],))


def _places(path: Path, reject: Reject, source: str) -> Iterator[PurePosixPath]:
    """The places of the pictures below the folder, hidden files passed over. Raises SourceError where there is none."""
    found = False
    for file in files_in(path, source):
        place = PurePosixPath(file.relative_to(path).as_posix())
        if place.name.startswith("."):
            continue
        reason = _why_not(place)
        if reason is None:
            found = True
            yield place
        else:
            record = str(place).encode("utf-8", "replace").decode()
            reject(Rejection(source=source, record=record, field="file", reason=reason))
    if not found:
        raise SourceError(
            expected=f"a folder for each class, with pictures ({', '.join(SUFFIXES)}) in it",
            found="none",
            where=str(path),
            way_out=f"correct [sources] {source} in luigi.cfg",
        )


def _why_not(place: PurePosixPath) -> str | None:
    """Why a file is no picture of a class; None if it is one."""
    try:
        str(place).encode()
    except UnicodeEncodeError:
        return "name is not Unicode"
    if place.suffix.lower() not in SUFFIXES:
        return "not called like a picture"
    return "in no class's folder" if len(place.parts) < 2 else None


def _image_id(place: PurePosixPath, source: str) -> str:
    return f"{source}:{hashlib.sha256(str(place).encode()).hexdigest()[:32]}"


def _split(image_id: str, source: str) -> Split:
    if source.endswith("_test"):
        return "test"
    share = draws.uniform(0, 0, draws.row_keys([image_id]), "validation", 1)[0, 0]
    return "validation" if share < VALIDATION_RATE else "train"
