"""Flickr30k's captions in ViLBERT's layout, where an image is its file, `img_path` (vilbert_captions.py)."""

from __future__ import annotations

from typing import Any

from data.sources import fields
from data.sources.ids import image_id_of
from data.sources.vilbert_captions import source_of


def _image_of(row: Any) -> str:
    image_id = image_id_of(f"flickr30k:{fields.text(row, 'img_path').removesuffix('.jpg')}")
    if image_id is None:
        raise fields.RecordError("img_path", "not like 1000092795.jpg")
    return image_id


SOURCE = source_of(
    "flickr30k_vilbert",
    "Flickr30k captions in ViLBERT's layout",
    pool="flickr30k",
    image_of=_image_of,
    photo_of=lambda image_id: image_id.partition(":")[2],  # the very number that Flickr gave it
)
