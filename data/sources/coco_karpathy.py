"""COCO in Karpathy's layout, `dataset_coco.json`: captions with his splits, by COCO's own numbers.

`cocoid` is the image's id and `sentid` the caption's, as in COCO's `captions_*2014.json`, which it may stand in for.
https://cs.stanford.edu/people/karpathy/deepimagesent/
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.records import CaptionRecord, ImageRecord, Marks, Reject, Source
from data.sources import fields, karpathy
from data.sources.ids import numbered
from data.sources.json_items import items

NAME = "coco_karpathy"


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every image with the split that Karpathy gave it; sizes are not given."""
    return fields.each(items(path, NAME, under="images"), _image, source=NAME, reject=reject)


def captions(path: Path, reject: Reject) -> Iterator[CaptionRecord]:
    """The sentences of each image in the order of the file."""
    return karpathy.captions(path, reject, source=NAME, collection="coco", image_of=_image_id)


def captions_in_bulk(path: Path, reject: Reject) -> Iterator[pa.RecordBatch]:
    """As `captions`, those of many images at a time."""
    return karpathy.captions_in_bulk(path, reject, source=NAME, collection="coco", image_of=_image_id)


def _image(item: Any) -> ImageRecord:
    return ImageRecord(
        image_id=_image_id(item),
        file_name=fields.text(item, "filename"),
        width_px=None,
        height_px=None,
        split=karpathy.split_of(item),
    )


def _image_id(item: Any) -> str:
    return numbered("coco", fields.whole(item, "cocoid"))


SOURCE = Source(
    name=NAME,
    title="COCO captions with Karpathy's splits",
    address=f"{karpathy.ADDRESS} (coco)",
    reads={"images": images, "captions": captions},
    in_bulk={"captions": captions_in_bulk},
    marks=(Marks(opening="{", keys=("images", "sentences", "cocoid")),),
)
