"""What COCO's annotation files have in common: the list `images`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from data.records import ImageRecord, Reject, Split
from data.sources import fields
from data.sources.ids import numbered, photo_of
from data.sources.json_items import items


def images(path: Path, reject: Reject, *, source: str, split: Split | None = None) -> Iterator[ImageRecord]:
    """The images that a COCO annotation file lists, all of `split` where its publisher says so."""
    make = partial(_image, split=split)
    return fields.each(items(path, source, under="images"), make, source=source, reject=reject)


def _image(item: Any, *, split: Split | None) -> ImageRecord:
    return ImageRecord(
        image_id=numbered("coco", fields.whole(item, "id")),
        file_name=fields.text(item, "file_name"),
        width_px=fields.pixels(item, "width"),
        height_px=fields.pixels(item, "height"),
        split=split,
        photo_id=photo_of(str(item.get("flickr_url"))),
    )
