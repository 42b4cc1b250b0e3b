"""COCO's `captions_*.json`: https://cocodataset.org/#format-data (captions).

One object with the lists `images` (id, file_name, width, height) and `annotations` (id, image_id, caption).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.records import CaptionRecord, ImageRecord, Marks, Reject, Source
from data.schema import TEXTS
from data.sources import bulk, coco, fields
from data.sources.ids import numbered
from data.sources.json_items import items, items_together
from data.text_tables import of_captions

NAME = "coco_captions"
_AT_ONCE = 1_000


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every listed image, those without a caption too."""
    return coco.images(path, reject, source=NAME)


def captions(path: Path, reject: Reject) -> Iterator[CaptionRecord]:
    """Every caption; a few of the publisher's end in a line break, which is taken off."""
    return fields.each(items(path, NAME, under="annotations"), _caption, source=NAME, reject=reject)


def captions_in_bulk(path: Path, reject: Reject) -> Iterator[pa.RecordBatch]:
    """As `captions`, many at a time."""

    def singly(annotations: bulk.Items) -> pa.RecordBatch:
        return of_captions(fields.each(annotations, _caption, source=NAME, reject=reject))

    batches = items_together(path, NAME, under="annotations", at_once=_AT_ONCE)
    return bulk.checked(batches, together=_all_good, singly=singly)


def _all_good(annotations: Sequence[Any]) -> pa.RecordBatch:
    """The captions where none would be rejected. Raises ValueError, among others, where one may be."""
    columns = zip(*map(itemgetter("image_id", "id", "caption"), annotations), strict=True)
    image_numbers, numbers, texts = columns
    return pa.record_batch(
        [bulk.ids("coco", image_numbers), bulk.ids("coco", numbers), bulk.lines(texts, "caption")], schema=TEXTS
    )


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
    in_bulk={"captions": captions_in_bulk},
    marks=(Marks(opening="{", keys=("images", "caption"), without=("category_id", "sentences", "bbox")),),
)
