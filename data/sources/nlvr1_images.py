"""NLVR's pictures: the folder `images` beside `dev.json`, `train.json` or `test.json`.

https://github.com/lil-lab/nlvr/tree/master/nlvr
"""

from __future__ import annotations

from data.records import Marks, Source

SOURCE = Source(
    name="nlvr1_images",
    title="NLVR pictures",
    address="https://github.com/lil-lab/nlvr (nlvr/dev/images)",
    reads={},
    is_folder=True,
    marks=(Marks(member=r"(train|dev|test)-[0-9]+-[0-9]-[0-5]\.png"),),
)
