"""COCO's `instances_*.json`: https://cocodataset.org/#format-data (object detection).

One object with the lists `images`, `annotations` (image_id, category_id, bbox as [x, y, width, height] in pixels) and,
after them, `categories` (id, name).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from data.records import BoxRecord, ImageRecord, Marks, Reject, Source
from data.sources import coco, fields
from data.sources.ids import numbered
from data.sources.json_items import items

NAME = "coco_instances"


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every listed image."""
    return coco.images(path, reject, source=NAME)


def boxes(path: Path, reject: Reject) -> Iterator[BoxRecord]:
    """Every annotated object, crowds included; its label is the name of its category."""
    categories = dict(fields.each(items(path, NAME, under="categories"), _category, source=NAME, reject=reject))
    make = partial(_box, categories=categories)
    yield from fields.each(items(path, NAME, under="annotations"), make, source=NAME, reject=reject)


def _category(item: Any) -> tuple[int, str]:
    return fields.whole(item, "id"), fields.text(item, "name")


def _box(item: Any, *, categories: Mapping[int, str]) -> BoxRecord:
    label = categories.get(fields.whole(item, "category_id"))
    if label is None:
        raise fields.RecordError("category_id", "unknown category")
    return BoxRecord(image_id=numbered("coco", fields.whole(item, "image_id")), box=fields.bbox_of(item), label=label)


SOURCE = Source(
    name=NAME,
    title="COCO instances",
    address="https://cocodataset.org/#download (2014 Train/Val annotations)",
    reads={"images": images, "boxes": boxes},
    marks=(Marks(opening="{", keys=("images", "bbox", "category_id")),),
)
