"""Visual Genome's `region_descriptions.json`: a list of {id, regions: [{region_id, phrase, x, y, width, height}]}.

Older releases call `region_id` `id`; phrases may end in a space.
https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.records import Marks, PhraseRecord, Reject, Source
from data.schema import TEXTS
from data.sources import fields
from data.sources.ids import numbered
from data.sources.json_items import items
from data.sources.visual_genome import ADDRESS, members_of, nested
from data.text_tables import of_phrases

NAME = "vg_region_descriptions"
_IMAGES_AT_ONCE = 50
_WANTED = ("phrase", "x", "y", "width", "height")
_NUMBERS = ({int}, {int, float}, {float})
# Phrases that may have to be brought onto one line; some characters beyond ASCII are spaces to Python.
_NOT_PLAIN = r"^ | $|  |[^ -~]"


def phrases(path: Path, reject: Reject) -> Iterator[PhraseRecord]:
    """Every region's phrase, verbs and all."""
    return nested(path, "regions", _phrase, source=NAME, reject=reject)


def phrases_in_bulk(path: Path, reject: Reject) -> Iterator[pa.RecordBatch]:
    """As `phrases`: many images are checked together, and one by one where that finds anything to say."""
    images = items(path, NAME)
    while taken := list(islice(images, _IMAGES_AT_ONCE)):
        found = _all_good([image for _, image in taken])
        if found is None:
            found = of_phrases(members_of(taken, "regions", _phrase, source=NAME, reject=reject))
        yield found


def _phrase(image_id: str, item: Any) -> PhraseRecord:
    return PhraseRecord(
        image_id=image_id,
        phrase_id=numbered("vg", fields.whole(item, "region_id", "id")),
        text=fields.text(item, "phrase"),
        box=fields.box_of(item),
    )


def _all_good(images: Sequence[Any]) -> pa.RecordBatch | None:
    """The phrases of images of which no record would be rejected; None where that is not sure."""
    try:
        image_ids = [numbered("vg", fields.whole(image, "image_id", "id")) for image in images]
        regions_of = [fields.members(image, "regions") for image in images]
        regions = [region for members in regions_of for region in members]
        columns = list(zip(*map(itemgetter(_name_of_id(regions), *_WANTED), regions), strict=True))
        if not columns or not _are_good_boxes(columns[2:]):
            return None
        lines = _lines(columns[1])
        region_ids = _ids(columns[0])
    except (fields.RecordError, KeyError, TypeError, ValueError, OverflowError, pa.ArrowException):
        return None
    owners = np.repeat(np.arange(len(images)), [len(members) for members in regions_of])
    return pa.record_batch([pa.array(image_ids).take(pa.array(owners)), region_ids, lines], schema=TEXTS)


def _name_of_id(regions: Sequence[Any]) -> str:
    """The name of the field that holds the id of all regions. KeyError where they differ, or spell sizes shortly."""
    layouts = {tuple(region) if isinstance(region, dict) else () for region in regions}
    names = {"region_id" if "region_id" in layout else "id" for layout in layouts}
    if len(names) != 1 or any("w" in layout or "h" in layout for layout in layouts):
        raise KeyError("id")
    return names.pop()


def _ids(numbers: Sequence[Any]) -> pa.Array:
    if set(map(type, numbers)) != {int} or not 0 <= min(numbers) <= max(numbers) <= fields.MAX_NUMBER:
        raise ValueError("not whole numbers from 0")
    return pc.binary_join_element_wise("vg", pa.array(numbers, pa.int64()).cast(pa.string()), ":")


def _lines(phrases: Sequence[Any]) -> pa.Array:
    """The phrases, each on one line. ValueError or TypeError where one is none; UnicodeEncodeError is a ValueError."""
    lines = pa.array(phrases, pa.string())
    is_plain = pc.invert(pc.match_substring_regex(lines, _NOT_PLAIN)).to_pylist()
    if not all(is_plain):
        checked = zip(phrases, is_plain, strict=True)
        lines = pa.array([text if plain else fields.as_text(text, "phrase") for text, plain in checked], pa.string())
    if lines.null_count or pc.any(pc.equal(lines, "")).as_py():
        raise ValueError("an empty phrase")
    return lines


def _are_good_boxes(columns: Sequence[Sequence[Any]]) -> bool:
    """Whether all boxes are as `fields.corners` wants them."""
    if any(set(map(type, column)) not in _NUMBERS for column in columns):
        return False
    x, y, width, height = (np.array(column, np.float64) for column in columns)
    is_in_reach = all(np.abs(values).max() <= fields.MAX_PIXELS for values in (x, y, width, height))
    return is_in_reach and bool((width > 0).all() and (height > 0).all())


SOURCE = Source(
    name=NAME,
    title="Visual Genome region descriptions",
    address=ADDRESS,
    reads={"phrases": phrases},
    marks=(Marks(opening="[", keys=("regions", "phrase")),),
    in_bulk={"phrases": phrases_in_bulk},
)
