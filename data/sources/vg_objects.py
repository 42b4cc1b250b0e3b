"""Visual Genome's `objects.json`: a list of {image_id, objects: [{object_id, x, y, w, h, names, synsets}]}.

https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import BoxRecord, Marks, Reject, Source
from data.sources import fields
from data.sources.visual_genome import ADDRESS, name_of, nested

NAME = "vg_objects"


def boxes(path: Path, reject: Reject) -> Iterator[BoxRecord]:
    """Every object, without attributes."""
    return nested(path, "objects", _box, source=NAME, reject=reject)


def _box(image_id: str, item: Any) -> BoxRecord:
    return BoxRecord(image_id=image_id, box=fields.box_of(item), label=name_of(item))


SOURCE = Source(
    name=NAME,
    title="Visual Genome objects",
    address=ADDRESS,
    reads={"boxes": boxes},
    marks=(Marks(opening="[", keys=("objects", "x", "y"), without=("attributes", "relationships", "regions")),),
)
