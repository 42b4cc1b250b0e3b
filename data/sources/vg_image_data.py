"""Visual Genome's `image_data.json`: a list of {image_id, url, width, height, coco_id, flickr_id}.

`coco_id` is null, or -1 in some releases, where the picture is not in COCO.
https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import ImageRecord, Marks, Reject, Source
from data.sources import fields
from data.sources.ids import numbered
from data.sources.json_items import items
from data.sources.visual_genome import ADDRESS

NAME = "vg_image_data"


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every image; one that is in COCO too says so in `same_as`, one that is on Flickr in `photo_id`."""
    return fields.each(items(path, NAME), _image, source=NAME, reject=reject)


def _image(item: Any) -> ImageRecord:
    return ImageRecord(
        image_id=numbered("vg", fields.whole(item, "image_id", "id")),
        file_name=fields.text(item, "url").rsplit("/", 1)[-1] if item.get("url") else None,
        width_px=fields.pixels(item, "width"),
        height_px=fields.pixels(item, "height"),
        same_as=_in_coco(item),
        photo_id=_on_flickr(item),
    )


def _in_coco(item: Any) -> str | None:
    if item.get("coco_id") in (None, -1):
        return None
    return numbered("coco", fields.whole(item, "coco_id"))


def _on_flickr(item: Any) -> str | None:
    number = str(item.get("flickr_id"))  # null where it is not known
    return number.lstrip("0") if number.isascii() and number.isdecimal() else None


SOURCE = Source(
    name=NAME,
    title="Visual Genome image data",
    address=ADDRESS,
    reads={"images": images},
    marks=(Marks(opening="[", keys=("coco_id", "width", "height")),),
)
