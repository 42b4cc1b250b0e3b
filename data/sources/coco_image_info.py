"""COCO's `image_info_test2015.json`: the images of the test sets, which have no annotations.

The layout of the other annotation files: https://cocodataset.org/#format-data
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import ImageRecord, Marks, Reject, Source
from data.sources import coco

NAME = "coco_image_info"


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every listed image, all of the test split."""
    return coco.images(path, reject, source=NAME, split="test")


SOURCE = Source(
    name=NAME,
    title="COCO test images",
    address="https://cocodataset.org/#download (2015 Testing Image info)",
    reads={"images": images},
    pool="vqa",
    marks=(Marks(opening="{", keys=("images", "categories"), without=("annotations", "bbox", "caption")),),
)
