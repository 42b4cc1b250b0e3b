"""COCO's pictures: a folder with `COCO_train2014_000000000009.jpg` or `000000000009.jpg` anywhere below it.

https://cocodataset.org/#download
"""

from __future__ import annotations

from data.records import Marks, Source

SOURCE = Source(
    name="coco_images",
    title="COCO pictures",
    address="https://cocodataset.org/#download (2014 Train/Val images)",
    reads={},
    is_folder=True,
    marks=(Marks(member=r"(COCO_[a-z]+20[0-9]{2}_)?[0-9]{12}\.jpg"),),
)
