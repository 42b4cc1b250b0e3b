"""What Visual Genome's files have in common: one list of images, each with a list of what was annotated in it.

Field names changed between releases (`id` became `image_id`, `region_id`, ...); both are read.
https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from data.records import Reject, Rejection
from data.sources import fields
from data.sources.ids import numbered
from data.sources.json_items import items

ADDRESS = "https://homes.cs.washington.edu/~ranjay/visualgenome/api.html (version 1.2 or 1.4)"
Record = TypeVar("Record")


def nested(
    path: Path, under: str, make: Callable[[str, Any], Record], *, source: str, reject: Reject
) -> Iterator[Record]:
    """`make(image id, member)` of every member of the list `under` of every image."""
    return members_of(items(path, source), under, make, source=source, reject=reject)


def members_of(
    images: Iterable[tuple[str, Any]],
    under: str,
    make: Callable[[str, Any], Record],
    *,
    source: str,
    reject: Reject,
) -> Iterator[Record]:
    """As `nested`, of some images of a file, each with its place there."""
    for place, image in images:
        try:
            image_id = numbered("vg", fields.whole(image, "image_id", "id"))
            members = fields.members(image, under)
        except fields.RecordError as bad:
            reject(Rejection(source=source, record=place, field=bad.field, reason=bad.reason))
            continue
        named = ((f"{place}.{under}[{number}]", member) for number, member in enumerate(members))
        yield from fields.each(named, partial(make, image_id), source=source, reject=reject)


def name_of(item: Any) -> str:
    """An object's name: the first of its names."""
    names = fields.field(item, "names", "object_names", "name")
    if isinstance(names, list):
        if not names:
            raise fields.RecordError("names", "empty text")
        names = names[0]
    return fields.as_text(names, "names")
