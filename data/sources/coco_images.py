"""COCO's pictures: a folder with `COCO_train2014_000000000009.jpg` or `000000000009.jpg` anywhere below it.

https://cocodataset.org/#download
"""

from __future__ import annotations

from data.records import Source

SOURCE = Source(
    name="coco_images",
    title="COCO pictures",
    address="https://cocodataset.org/#download (2014 Train/Val images)",
    reads={},
    is_folder=True,
)
