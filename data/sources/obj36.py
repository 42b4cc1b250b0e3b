"""LXMERT's `*_obj36.tsv`: a detector's regions of an image a line, with what they show, in ten columns (region_tsv.py).

https://github.com/airsplay/lxmert#pre-processed-image-features
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from data.records import Marks, RegionReader, RegionRecord, Reject, Source
from data.sources.region_lines import at, located
from data.sources.region_tsv import TEN_COLUMNS

NAME = "obj36"
_located = partial(located, form=TEN_COLUMNS, source=NAME)


def regions(path: Path, reject: Reject) -> Iterator[RegionRecord]:
    """The regions of each image, from 1 to 100 of them, in the order of the file."""
    return (record for _, record in _located(path, reject, lambda offset: True))


SOURCE = Source(
    name=NAME,
    title="Detector's regions (obj36)",
    address="https://github.com/airsplay/lxmert#google-drive (mscoco_imgfeat, vg_gqa_imgfeat)",
    reads={"regions": regions},
    regions=RegionReader(located=_located, at=partial(at, form=TEN_COLUMNS, source=NAME)),
    marks=(Marks(pattern=r"^[^\t\n]+\t[0-9]+\t[0-9]+(\t[A-Za-z0-9+/]+=*){4}\t[0-9]+\t[A-Za-z0-9+/]+=*\t"),),
)
