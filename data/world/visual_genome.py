"""Visual Genome's files of the generated world (https://homes.cs.washington.edu/~ranjay/visualgenome/api.html)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.world.kinds import KINDS
from data.world.language import choose
from data.world.phrases import region_phrases
from data.world.plan import PlannedImage
from data.world.scenes import SIDE_PX, Thing, generator, make_scene

_TRAILING_SPACE_RATE = 0.05  # of phrases, as in Visual Genome
_SYNONYM_RATE = 0.1  # of objects whose annotator used another name than the label


def write_annotations(images: Sequence[PlannedImage], seed: int, *, into: Path) -> None:
    """`image_data`, `region_descriptions`, `objects` and `attributes` of the images that have phrases."""
    known = [image for image in images if image.has_phrases]
    _write(into / "image_data.json", [_image(image) for image in known])
    _write(into / "region_descriptions.json", [_regions(image, seed) for image in known])
    _write(into / "objects.json", [_objects(image, seed) for image in known])
    _write(into / "attributes.json", [_attributes(image, seed) for image in known])


def _image(image: PlannedImage) -> dict[str, Any]:
    return {
        "width": SIDE_PX,
        "height": SIDE_PX,
        "url": f"VG_100K/{image.vg_id}.jpg",
        "image_id": image.vg_id,
        "coco_id": _coco_id(image),
        "flickr_id": None,
    }


def _coco_id(image: PlannedImage) -> int | None:
    """Null or -1 where COCO does not have the image: releases of Visual Genome differ, so both occur here."""
    if image.coco_id is not None:
        return image.coco_id
    return None if image.number % 2 else -1


def _regions(image: PlannedImage, seed: int) -> dict[str, Any]:
    random = generator(seed, image.number, "phrases")
    regions = []
    for i, region in enumerate(region_phrases(make_scene(seed, image.number), random)):
        space = " " if random.random() < _TRAILING_SPACE_RATE else ""
        regions.append(
            {
                "region_id": 100 * image.number + i + 1,
                "image_id": image.vg_id,
                "phrase": region.phrase.text + space,
                **_sides(region.box, "width", "height"),
            }
        )
    return {"id": image.vg_id, "regions": regions}


def _objects(image: PlannedImage, seed: int) -> dict[str, Any]:
    return {"image_id": image.vg_id, "objects": [_object(*item) for item in _things(image, seed)]}


def _attributes(image: PlannedImage, seed: int) -> dict[str, Any]:
    described = [{**_object(i, name, thing), "attributes": said_of(thing)} for i, name, thing in _things(image, seed)]
    return {"image_id": image.vg_id, "attributes": described}


def _things(image: PlannedImage, seed: int) -> list[tuple[int, str, Thing]]:
    """An id, a name and the thing for each thing of the scene."""
    random = generator(seed, image.number, "annotations")
    things = make_scene(seed, image.number).things
    return [(image.object_id(i), _name(thing, random), thing) for i, thing in enumerate(things)]


def _name(thing: Thing, random: np.random.Generator) -> str:
    names = [name for name, _ in KINDS[thing.kind].names]
    return choose(names, random) if random.random() < _SYNONYM_RATE else names[0]


def _object(object_id: int, name: str, thing: Thing) -> dict[str, Any]:
    return {"object_id": object_id, **_sides(thing.box, "w", "h"), "names": [name], "synsets": []}


def said_of(thing: Thing) -> list[str]:
    """What annotators say of a thing besides its name: colour, size, and a pattern if it has one."""
    return [thing.colour, thing.size, *([] if thing.pattern == "plain" else [thing.pattern])]


def _sides(box: tuple[int, int, int, int], width: str, height: str) -> dict[str, int]:
    x1, y1, x2, y2 = box
    return {"x": x1, "y": y1, width: x2 - x1, height: y2 - y1}


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), "utf-8")
