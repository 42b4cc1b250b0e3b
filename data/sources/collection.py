"""A collection that only the user knows, as JSON lines or Parquet: an image a row, with its texts and boxes.

The fields are those of collection_rows.py; docs/formats.md has an example. No code is needed for another collection.
https://jsonlines.org, https://parquet.apache.org
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from data.records import Box, BoxRecord, CaptionRecord, ImageRecord, Marks, PhraseRecord, Reject, Rejection, Source
from data.sources import fields
from data.sources.collection_rows import Row, group_of, image_of, of_each_box, rows, split_of
from data.sources.fields import RecordError

NAME = "collection"
Record = TypeVar("Record")


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """The image of every row."""
    return _each(path, reject, lambda row, image_id: [_image(row, image_id)])


def captions(path: Path, reject: Reject) -> Iterator[CaptionRecord]:
    """The captions of every row, called by their image and their place among all of its own in the file."""
    num_of: Counter[str] = Counter()

    def make(row: Row, image_id: str) -> list[CaptionRecord]:
        texts = _captions(row)
        first = num_of[image_id]
        num_of[image_id] += len(texts)
        return [
            CaptionRecord(image_id=image_id, caption_id=f"{image_id}#c{number}", text=text)
            for number, text in enumerate(texts, start=first)
        ]

    return _each(path, reject, make)


def phrases(path: Path, reject: Reject) -> Iterator[PhraseRecord]:
    """The phrases of the boxes of every row, called by their image and their place."""
    num_of: Counter[str] = Counter()

    def make(row: Row, image_id: str) -> list[PhraseRecord]:
        texts, boxes = of_each_box(row, "phrases"), _boxes(row)
        first = num_of[image_id]
        num_of[image_id] += len(texts)
        return [
            PhraseRecord(
                image_id=image_id, phrase_id=f"{image_id}#r{number}", text=fields.as_text(text, "phrases"), box=box
            )
            for number, (text, box) in enumerate(zip(texts, boxes, strict=True), start=first)
            if text is not None
        ]

    return _each(path, reject, make)


def boxes(path: Path, reject: Reject) -> Iterator[BoxRecord]:
    """The boxes of every row that have a label."""
    return _each(path, reject, _labelled)


def _each(path: Path, reject: Reject, make: Callable[[Row, str], list[Record]]) -> Iterator[Record]:
    """All that `make` finds in each row, given its image; a row with a mistake gives nothing and is rejected."""
    for _, row in rows(path, reject, source=NAME, with_features=False):
        image_id = str(image_of(fields.text(row, "image")))
        try:
            yield from make(row, image_id)
        except RecordError as bad:
            reject(Rejection(source=NAME, record=image_id, field=bad.field, reason=bad.reason))


def _image(row: Row, image_id: str) -> ImageRecord:
    same_as = image_of(fields.text(row, "same_as")) if "same_as" in row else None
    if "same_as" in row and same_as is None:
        raise RecordError("same_as", "image id of unknown form")
    return ImageRecord(
        image_id=image_id,
        file_name=PurePosixPath(fields.text(row, "file_name")).name if "file_name" in row else None,
        width_px=fields.pixels(row, "width") if "width" in row else None,
        height_px=fields.pixels(row, "height") if "height" in row else None,
        same_as=same_as,
        group_id=group_of(row),
        split=split_of(row),
    )


def _captions(row: Row) -> list[str]:
    if "caption" in row and "captions" in row:
        raise RecordError("caption", "captions stand beside it")
    texts = [row["caption"]] if "caption" in row else fields.members(row, "captions") if "captions" in row else []
    return [fields.as_text(text, "captions") for text in texts]


def _boxes(row: Row) -> list[Box]:
    return [fields.box_between(box, "boxes") for box in (fields.members(row, "boxes") if "boxes" in row else [])]


def _labelled(row: Row, image_id: str) -> list[BoxRecord]:
    given = zip(_boxes(row), of_each_box(row, "labels"), of_each_box(row, "attributes"), strict=True)
    return [
        BoxRecord(image_id=image_id, box=box, label=fields.as_text(label, "labels"), attributes=_attributes(attributes))
        for box, label, attributes in given
        if label is not None
    ]


def _attributes(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise RecordError("attributes", "not a list of lists")
    return tuple(dict.fromkeys(fields.as_text(word, "attributes").lower() for word in given))


SOURCE = Source(
    name=NAME,
    title="A collection of your own (JSON lines or Parquet)",
    address="https://jsonlines.org or https://parquet.apache.org, with the fields of docs/formats.md",
    reads={"images": images, "captions": captions, "phrases": phrases, "boxes": boxes},
    marks=(
        Marks(opening="{", pattern=r'^\s*\{[^\n]*"image":\s*"[a-z][a-z0-9_]*:'),
        Marks(pattern=r"^PAR1[\s\S]*\bimage\b"),
    ),
)
