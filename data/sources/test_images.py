"""The images of the test split: bottom-up attention's `karpathy_{val,test}_images.txt`, or one id a line.

https://github.com/peteanderson80/bottom-up-attention/tree/master/data/genome/coco_splits
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import Marks, Reject, Source
from data.sources import image_lists

NAME = "test_images"


def image_ids(path: Path, reject: Reject) -> Iterator[str]:
    """The listed images."""
    return image_lists.image_ids(path, reject, source=NAME)


SOURCE = Source(
    name=NAME,
    title="List of test images",
    address="https://github.com/peteanderson80/bottom-up-attention (data/genome/coco_splits)",
    reads={"image_ids": image_ids},
    marks=(Marks(pattern=r"^([^\s,]+/)?(COCO_\w+|n?[0-9]+|[a-z][a-z0-9_]*:[\w.-]+)(\.jpg|\.png)?( |\r?\n|$)"),),
)
