"""LXMERT's `*_obj36.tsv`: a detector's regions of an image a line, with what they show, in ten columns (region_tsv.py).

https://github.com/airsplay/lxmert#pre-processed-image-features
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from data.records import Marks, RegionReader, RegionRecord, Reject, Source
from data.sources.lines import located, records, records_at
from data.sources.region_tsv import MAX_LINE_BYTES, of_ten_columns

NAME = "obj36"


def regions(path: Path, reject: Reject) -> Iterator[RegionRecord]:
    """The regions of each image, from 1 to 100 of them, in the order of the file."""
    return records(path, of_ten_columns, source=NAME, reject=reject, max_bytes=MAX_LINE_BYTES)


def located_regions(path: Path, reject: Reject) -> Iterator[tuple[int, RegionRecord]]:
    """The same, each with the offset of its line in bytes."""
    return located(path, of_ten_columns, source=NAME, reject=reject, max_bytes=MAX_LINE_BYTES)


def regions_at(path: Path, offsets: Iterable[int]) -> Iterator[RegionRecord]:
    """The regions of the images whose lines are at these offsets of a file that was read before."""
    return records_at(path, offsets, of_ten_columns, source=NAME, max_bytes=MAX_LINE_BYTES)


SOURCE = Source(
    name=NAME,
    title="Detector's regions (obj36)",
    address="https://github.com/airsplay/lxmert#google-drive (mscoco_imgfeat, vg_gqa_imgfeat)",
    reads={"regions": regions},
    regions=RegionReader(located=located_regions, at=regions_at),
    marks=(Marks(pattern=r"^[^\t\n]+\t[0-9]+\t[0-9]+(\t[A-Za-z0-9+/]+=*){4}\t[0-9]+\t[A-Za-z0-9+/]+=*\t"),),
)
