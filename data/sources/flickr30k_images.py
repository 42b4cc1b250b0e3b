"""Flickr30k's pictures: a folder with `1000092795.jpg` anywhere below it.

https://shannon.cs.illinois.edu/DenotationGraph/
"""

from __future__ import annotations

from data.records import Marks, Source

SOURCE = Source(
    name="flickr30k_images",
    title="Flickr30k pictures",
    address="https://shannon.cs.illinois.edu/DenotationGraph/ (on request)",
    reads={},
    is_folder=True,
    pool="flickr30k",
    marks=(Marks(member=r"[0-9]{5,11}\.jpg"),),
)
