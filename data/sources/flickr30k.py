"""Flickr30k in Karpathy's layout, `dataset_flickr30k.json`: one object with the list `images`.

Each has filename, split (train, val, test) and sentences [{raw, tokens, imgid, sentid}].
https://cs.stanford.edu/people/karpathy/deepimagesent/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from data.records import CaptionRecord, ImageRecord, Reject, Rejection, Source, Split
from data.sources import fields
from data.sources.ids import image_id_of, numbered
from data.sources.json_items import items

NAME = "flickr30k"
_SPLITS: Mapping[str, Split] = {"train": "train", "val": "validation", "test": "test"}


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every image with the split that Karpathy gave it; sizes are not given."""
    return fields.each(items(path, NAME, under="images"), _image, source=NAME, reject=reject)


def captions(path: Path, reject: Reject) -> Iterator[CaptionRecord]:
    """The sentences of each image in the order of the file, five of most."""
    for place, image in items(path, NAME, under="images"):
        try:
            image_id = _image_id(image)
            sentences = fields.members(image, "sentences")
        except fields.RecordError as bad:
            reject(Rejection(source=NAME, record=place, field=bad.field, reason=bad.reason))
            continue
        named = ((f"{place}.sentences[{number}]", sentence) for number, sentence in enumerate(sentences))
        yield from fields.each(named, partial(_caption, image_id), source=NAME, reject=reject)


def _image(item: Any) -> ImageRecord:
    split = _SPLITS.get(fields.text(item, "split"))
    if split is None:
        raise fields.RecordError("split", "neither train, val nor test")
    image_id = _image_id(item)
    return ImageRecord(
        image_id=image_id,
        file_name=fields.text(item, "filename"),
        width_px=None,
        height_px=None,
        split=split,
        photo_id=image_id.partition(":")[2],  # the very number that Flickr gave it
    )


def _image_id(item: Any) -> str:
    name = fields.text(item, "filename")
    image_id = image_id_of(f"flickr30k:{name.removesuffix('.jpg')}")
    if image_id is None:
        raise fields.RecordError("filename", "not like 1000092795.jpg")
    return image_id


def _caption(image_id: str, item: Any) -> CaptionRecord:
    return CaptionRecord(
        image_id=image_id, caption_id=numbered(NAME, fields.whole(item, "sentid")), text=fields.text(item, "raw")
    )


SOURCE = Source(
    name=NAME,
    title="Flickr30k captions (Karpathy's splits)",
    address="https://cs.stanford.edu/people/karpathy/deepimagesent/ (flickr30k)",
    reads={"images": images, "captions": captions},
    pool="flickr30k",
)
