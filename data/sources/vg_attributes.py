"""Visual Genome's `attributes.json`: a list of {image_id, attributes: [an object as in objects.json, attributes]}.

The first release calls `names` `object_names`; objects without attributes have no such field.
https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import BoxRecord, Marks, Reject, Source
from data.sources import fields
from data.sources.visual_genome import ADDRESS, name_of, nested

NAME = "vg_attributes"


def boxes(path: Path, reject: Reject) -> Iterator[BoxRecord]:
    """Every object with its attributes, in the order of the annotators."""
    return nested(path, "attributes", _box, source=NAME, reject=reject)


def _box(image_id: str, item: Any) -> BoxRecord:
    label = name_of(item)
    words = fields.members(item, "attributes") if "attributes" in item else []
    attributes = dict.fromkeys(fields.as_text(word, "attributes").lower() for word in words)
    return BoxRecord(image_id=image_id, box=fields.box_of(item), label=label, attributes=tuple(attributes))


SOURCE = Source(
    name=NAME,
    title="Visual Genome attributes",
    address=ADDRESS,
    reads={"boxes": boxes},
    marks=(Marks(opening="[", keys=("attributes", "x", "y"), without=("objects", "relationships", "regions")),),
)
