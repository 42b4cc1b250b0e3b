"""Karpathy's layout, `dataset_coco.json` and `dataset_flickr30k.json`: one object with the list `images`.

Each has filename, split (train, restval, val, test) and sentences [{raw, tokens, imgid, sentid}]; COCO's also have
cocoid and filepath. https://cs.stanford.edu/people/karpathy/deepimagesent/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data.records import CaptionRecord, Reject, Rejection, Split
from data.schema import TEXTS
from data.sources import bulk, fields
from data.sources.ids import numbered
from data.sources.json_items import items, items_together
from data.text_tables import of_captions

ADDRESS = "https://cs.stanford.edu/people/karpathy/deepimagesent/"
_IMAGES_AT_ONCE = 50
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
    images = items(path, source, under="images")
    return _captions_of(images, reject, source=source, collection=collection, image_of=image_of)


def captions_in_bulk(
    path: Path, reject: Reject, *, source: str, collection: str, image_of: Callable[[Any], str]
) -> Iterator[pa.RecordBatch]:
    """As `captions`, those of many images at a time."""

    def singly(images: bulk.Items) -> pa.RecordBatch:
        return of_captions(_captions_of(images, reject, source=source, collection=collection, image_of=image_of))

    batches = items_together(path, source, under="images", at_once=_IMAGES_AT_ONCE)
    return bulk.checked(batches, together=partial(_all_good, collection=collection, image_of=image_of), singly=singly)


def _all_good(images: Sequence[Any], *, collection: str, image_of: Callable[[Any], str]) -> pa.RecordBatch:
    """The sentences where none would be rejected. Raises ValueError, among others, where one may be."""
    image_ids = pa.array([image_of(image) for image in images], pa.string())
    sentences_of = [fields.members(image, "sentences") for image in images]
    sentences = [sentence for members in sentences_of for sentence in members]
    numbers, texts = zip(*map(itemgetter("sentid", "raw"), sentences), strict=True)
    owners = np.repeat(np.arange(len(images)), [len(members) for members in sentences_of])
    return pa.record_batch(
        [image_ids.take(pa.array(owners)), bulk.ids(collection, numbers), bulk.lines(texts, "raw")], schema=TEXTS
    )


def _captions_of(
    images: Iterable[tuple[str, Any]], reject: Reject, *, source: str, collection: str, image_of: Callable[[Any], str]
) -> Iterator[CaptionRecord]:
    for place, image in images:
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
