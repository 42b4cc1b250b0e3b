"""Flickr30k's own captions, `results_20130124.token`: `1000092795.jpg#0`, a tab and the caption on each line.

https://shannon.cs.illinois.edu/DenotationGraph/

A caption is called by its image and its number there; Karpathy numbers them otherwise. No splits come with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from data.records import CaptionRecord, ImageRecord, Marks, Reject, Source
from data.sources.fields import RecordError, as_text
from data.sources.lines import decoded, records

NAME = "flickr30k_captions"
_NAME = re.compile(r"0*([0-9]{1,11})\.jpg#([0-9]{1,2})")


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Each image that has a caption, once; sizes are not given."""
    seen: set[str] = set()
    for caption in captions(path, reject):
        if caption.image_id not in seen:
            seen.add(caption.image_id)
            number = caption.image_id.partition(":")[2]
            yield ImageRecord(
                image_id=caption.image_id,
                file_name=f"{number}.jpg",
                width_px=None,
                height_px=None,
                photo_id=number,
            )


def captions(path: Path, reject: Reject) -> Iterator[CaptionRecord]:
    """Every caption, five an image."""
    return records(path, _caption, source=NAME, reject=reject)


def _caption(line: bytes) -> CaptionRecord:
    name, has_tab, caption = decoded(line).partition("\t")
    match = _NAME.fullmatch(name)
    if not (match and has_tab):
        raise RecordError("line", "not like 1000092795.jpg#0, a tab and a caption")
    image_id = f"flickr30k:{match[1]}"
    return CaptionRecord(image_id=image_id, caption_id=f"{image_id}#{int(match[2])}", text=as_text(caption, "caption"))


SOURCE = Source(
    name=NAME,
    title="Flickr30k captions (without splits)",
    address="https://shannon.cs.illinois.edu/DenotationGraph/ (results_20130124.token)",
    reads={"images": images, "captions": captions},
    pool="flickr30k",
    marks=(Marks(pattern=r"^[0-9]+\.jpg#[0-9]+\t"),),
)
