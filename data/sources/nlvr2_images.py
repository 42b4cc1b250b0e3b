"""NLVR2's pictures: a folder with `dev-850-0-img0.png` anywhere below it.

https://github.com/lil-lab/nlvr/tree/master/nlvr2
"""

from __future__ import annotations

from data.records import Marks, Source

SOURCE = Source(
    name="nlvr2_images",
    title="NLVR2 pictures",
    address="https://github.com/lil-lab/nlvr (nlvr2, on request)",
    reads={},
    is_folder=True,
    pool="nlvr2",
    marks=(Marks(member=r"(train|dev|test[12])-[0-9]+-[0-9]+-img[01]\.png"),),
)
