"""Flickr30k in Karpathy's layout, `dataset_flickr30k.json`: captions with his splits.

https://cs.stanford.edu/people/karpathy/deepimagesent/
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.records import CaptionRecord, ImageRecord, Marks, Reject, Source
from data.sources import fields, karpathy
from data.sources.ids import image_id_of
from data.sources.json_items import items

NAME = "flickr30k"


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every image with the split that Karpathy gave it; sizes are not given."""
    return fields.each(items(path, NAME, under="images"), _image, source=NAME, reject=reject)


def captions(path: Path, reject: Reject) -> Iterator[CaptionRecord]:
    """The sentences of each image in the order of the file, five of most."""
    return karpathy.captions(path, reject, source=NAME, collection=NAME, image_of=_image_id)


def captions_in_bulk(path: Path, reject: Reject) -> Iterator[pa.RecordBatch]:
    """As `captions`, those of many images at a time."""
    return karpathy.captions_in_bulk(path, reject, source=NAME, collection=NAME, image_of=_image_id)


def _image(item: Any) -> ImageRecord:
    image_id = _image_id(item)
    return ImageRecord(
        image_id=image_id,
        file_name=fields.text(item, "filename"),
        width_px=None,
        height_px=None,
        split=karpathy.split_of(item),
        photo_id=image_id.partition(":")[2],  # the very number that Flickr gave it
    )


def _image_id(item: Any) -> str:
    name = fields.text(item, "filename")
    image_id = image_id_of(f"flickr30k:{name.removesuffix('.jpg')}")
    if image_id is None:
        raise fields.RecordError("filename", "not like 1000092795.jpg")
    return image_id


SOURCE = Source(
    name=NAME,
    title="Flickr30k captions (Karpathy's splits)",
    address=f"{karpathy.ADDRESS} (flickr30k)",
    reads={"images": images, "captions": captions},
    in_bulk={"captions": captions_in_bulk},
    pool="flickr30k",
    marks=(Marks(opening="{", keys=("images", "sentences", "filename"), without=("cocoid",)),),
)
