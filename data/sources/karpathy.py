"""Karpathy's layout, `dataset_coco.json` and `dataset_flickr30k.json`: one object with the list `images`.

Each has filename, split (train, restval, val, test) and sentences [{raw, tokens, imgid, sentid}]; COCO's also have
cocoid and filepath. https://cs.stanford.edu/people/karpathy/deepimagesent/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from data.records import CaptionRecord, Reject, Rejection, Split
from data.sources import fields
from data.sources.ids import numbered
from data.sources.json_items import items

ADDRESS = "https://cs.stanford.edu/people/karpathy/deepimagesent/"
# The rest of COCO's val2014, which everyone adds to the images to train on.
_SPLITS: Mapping[str, Split] = {"train": "train", "restval": "train", "val": "validation", "test": "test"}


def split_of(item: Any) -> Split:
    """The split that Karpathy gave the image."""
    split = _SPLITS.get(fields.text(item, "split"))
    if split is None:
        raise fields.RecordError("split", "neither train, restval, val nor test")
    return split


def captions(
    path: Path, reject: Reject, *, source: str, collection: str, image_of: Callable[[Any], str]
) -> Iterator[CaptionRecord]:
    """The sentences of each image in the order of the file, five of most; `image_of` gives the image's id."""
    for place, image in items(path, source, under="images"):
        try:
            image_id = image_of(image)
            sentences = fields.members(image, "sentences")
        except fields.RecordError as bad:
            reject(Rejection(source=source, record=place, field=bad.field, reason=bad.reason))
            continue
        named = ((f"{place}.sentences[{number}]", sentence) for number, sentence in enumerate(sentences))
        make = partial(_caption, image_id=image_id, collection=collection)
        yield from fields.each(named, make, source=source, reject=reject)


def _caption(item: Any, *, image_id: str, collection: str) -> CaptionRecord:
    return CaptionRecord(
        image_id=image_id, caption_id=numbered(collection, fields.whole(item, "sentid")), text=fields.text(item, "raw")
    )
