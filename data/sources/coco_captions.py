"""COCO's `captions_*.json`: https://cocodataset.org/#format-data (captions).

One object with the lists `images` (id, file_name, width, height) and `annotations` (id, image_id, caption).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import CaptionRecord, ImageRecord, Marks, Reject, Source
from data.sources import coco, fields
from data.sources.ids import numbered
from data.sources.json_items import items

NAME = "coco_captions"


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every listed image, those without a caption too."""
    return coco.images(path, reject, source=NAME)


def captions(path: Path, reject: Reject) -> Iterator[CaptionRecord]:
    """Every caption; a few of the publisher's end in a line break, which is taken off."""
    return fields.each(items(path, NAME, under="annotations"), _caption, source=NAME, reject=reject)


def _caption(item: Any) -> CaptionRecord:
    return CaptionRecord(
        image_id=numbered("coco", fields.whole(item, "image_id")),
        caption_id=numbered("coco", fields.whole(item, "id")),
        text=fields.text(item, "caption"),
    )


SOURCE = Source(
    name=NAME,
    title="COCO captions",
    address="https://cocodataset.org/#download (2014 Train/Val annotations)",
    reads={"images": images, "captions": captions},
    marks=(Marks(opening="{", keys=("images", "caption"), without=("category_id", "sentences", "bbox")),),
)
