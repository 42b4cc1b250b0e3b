"""GQA's `*_sceneGraphs.json`: one object of {width, height, objects} by Visual Genome's image id.

`objects` is an object of {name, x, y, w, h, attributes, relations} by object id.
https://cs.stanford.edu/people/dorarad/gqa/download.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from data.records import BoxRecord, ImageRecord, Marks, Reject, Rejection, Source
from data.sources import fields, gqa
from data.sources.json_items import members

NAME = "gqa_scene_graphs"


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every image that has a scene graph, with its size."""
    return fields.each(members(path, NAME), _image, source=NAME, reject=reject)


def boxes(path: Path, reject: Reject) -> Iterator[BoxRecord]:
    """Every object with its attributes, in the order of the file."""
    for place, (number, graph) in members(path, NAME):
        try:
            image_id = gqa.image_of(number)
            objects = fields.mapping(graph, "objects")
        except fields.RecordError as bad:
            reject(Rejection(source=NAME, record=place, field=bad.field, reason=bad.reason))
            continue
        named = ((f"{place}.objects[{number}]", item) for number, item in enumerate(objects.values()))
        yield from fields.each(named, partial(_box, image_id), source=NAME, reject=reject)


def _image(member: tuple[str, Any]) -> ImageRecord:
    number, graph = member
    return ImageRecord(
        image_id=gqa.image_of(number),
        file_name=None,
        width_px=fields.pixels(graph, "width"),
        height_px=fields.pixels(graph, "height"),
    )


def _box(image_id: str, item: Any) -> BoxRecord:
    box, label = fields.box_of(item), fields.text(item, "name")
    words = fields.members(item, "attributes") if "attributes" in item else []
    attributes = dict.fromkeys(fields.as_text(word, "attributes").lower() for word in words)
    return BoxRecord(image_id=image_id, box=box, label=label, attributes=tuple(attributes))


SOURCE = Source(
    name=NAME,
    title="GQA scene graphs",
    address=f"{gqa.ADDRESS} (Scene Graphs)",
    reads={"images": images, "boxes": boxes},
    pool="gqa",
    marks=(Marks(opening="{", keys=("objects", "width", "height", "name"), without=("images", "imageId")),),
)
