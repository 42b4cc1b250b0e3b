"""COCO's captions in ViLBERT's layout, which calls an image by COCO's number, `id` (vilbert_captions.py)."""

from __future__ import annotations

from typing import Any

from data.records import PRETRAINING
from data.sources import fields
from data.sources.ids import numbered
from data.sources.vilbert_captions import source_of


def _image_of(row: Any) -> str:
    return numbered("coco", fields.whole(row, "id"))


SOURCE = source_of(
    "coco_vilbert",
    "COCO captions in ViLBERT's layout",
    pool=PRETRAINING,
    image_of=_image_of,
    photo_of=lambda image_id: None,
)
