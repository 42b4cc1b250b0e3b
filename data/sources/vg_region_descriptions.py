"""Visual Genome's `region_descriptions.json`: a list of {id, regions: [{region_id, phrase, x, y, width, height}]}.

Older releases call `region_id` `id`; phrases may end in a space.
https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data.records import Marks, PhraseRecord, Reject, Source
from data.schema import TEXTS
from data.sources import bulk, fields
from data.sources.ids import numbered
from data.sources.json_items import items_together
from data.sources.visual_genome import ADDRESS, members_of, nested
from data.text_tables import of_phrases

NAME = "vg_region_descriptions"
_IMAGES_AT_ONCE = 50
_WANTED = ("phrase", "x", "y", "width", "height")
_NUMBERS = ({int}, {int, float}, {float})


def phrases(path: Path, reject: Reject) -> Iterator[PhraseRecord]:
    """Every region's phrase, verbs and all."""
    return nested(path, "regions", _phrase, source=NAME, reject=reject)


def phrases_in_bulk(path: Path, reject: Reject) -> Iterator[pa.RecordBatch]:
    """As `phrases`, the regions of many images at a time."""

    def singly(images: bulk.Items) -> pa.RecordBatch:
        return of_phrases(members_of(images, "regions", _phrase, source=NAME, reject=reject))

    return bulk.checked(items_together(path, NAME, at_once=_IMAGES_AT_ONCE), together=_all_good, singly=singly)


def _phrase(image_id: str, item: Any) -> PhraseRecord:
    return PhraseRecord(
        image_id=image_id,
        phrase_id=numbered("vg", fields.whole(item, "region_id", "id")),
        text=fields.text(item, "phrase"),
        box=fields.box_of(item),
    )


def _all_good(images: Sequence[Any]) -> pa.RecordBatch:
    """The phrases of images of which no record would be rejected. Raises ValueError, among others, for any other."""
    image_ids = [numbered("vg", fields.whole(image, "image_id", "id")) for image in images]
    regions_of = [fields.members(image, "regions") for image in images]
    regions = [region for members in regions_of for region in members]
    columns = list(zip(*map(itemgetter(_name_of_id(regions), *_WANTED), regions), strict=True))
    if not _are_good_boxes(columns[2:]):
        raise ValueError("a box that is none")
    owners = np.repeat(np.arange(len(images)), [len(members) for members in regions_of])
    image_ids_of_regions = pa.array(image_ids).take(pa.array(owners))
    return pa.record_batch(
        [image_ids_of_regions, bulk.ids("vg", columns[0]), bulk.lines(columns[1], "phrase")], schema=TEXTS
    )


def _name_of_id(regions: Sequence[Any]) -> str:
    """The name of the field that holds the id of all regions. KeyError where they differ, or spell sizes shortly."""
    layouts = {tuple(region) if isinstance(region, dict) else () for region in regions}
    names = {"region_id" if "region_id" in layout else "id" for layout in layouts}
    if len(names) != 1 or any("w" in layout or "h" in layout for layout in layouts):
        raise KeyError("id")
    return names.pop()


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
