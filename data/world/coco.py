"""COCO's annotation files of the generated world (https://cocodataset.org/#format-data)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.world.captions import captions
from data.world.kinds import KINDS
from data.world.plan import PlannedImage
from data.world.scenes import SIDE_PX, generator, make_scene

NUM_CAPTIONS = 2
_NEWLINE_RATE = 0.03  # of captions that end in a line break, as a few of COCO's do
_HEAD = {
    "info": {"description": "generated world", "url": "", "version": "1.0", "year": 2014, "contributor": ""},
    "licenses": [{"id": 1, "name": "Apache License 2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}],
}


def write_annotations(images: Sequence[PlannedImage], seed: int, *, split: str, into: Path) -> None:
    """`captions_<split>.json` and `instances_<split>.json` of COCO's images among these, all of them in one split."""
    known = [image for image in images if image.coco_id is not None]
    head = {**_HEAD, "images": [_image(image) for image in known]}
    _write(into / f"captions_{split}.json", {**head, "annotations": _captions(known, seed)})
    categories = [{"supercategory": k.supercategory, "id": i, "name": n} for i, (n, k) in enumerate(KINDS.items(), 1)]
    _write(into / f"instances_{split}.json", {**head, "annotations": _instances(known, seed), "categories": categories})


def _image(image: PlannedImage) -> dict[str, Any]:
    return {
        "license": 1,
        "file_name": f"{image.name}.jpg",
        "coco_url": f"{image.folder}/{image.name}.jpg",
        "height": SIDE_PX,
        "width": SIDE_PX,
        "date_captured": "2014-01-01 00:00:00",
        "flickr_url": "",
        "id": image.coco_id,
    }


def _captions(images: Sequence[PlannedImage], seed: int) -> list[dict[str, Any]]:
    annotations = []
    for image in images:
        if not image.has_captions:
            continue
        random = generator(seed, image.number, "captions")
        for i, phrase in enumerate(captions(make_scene(seed, image.number), random, num_captions=NUM_CAPTIONS)):
            text = phrase.text + ("\n" if random.random() < _NEWLINE_RATE else "")
            annotations.append({"image_id": image.coco_id, "id": NUM_CAPTIONS * image.number + i + 1, "caption": text})
    return annotations


def _instances(images: Sequence[PlannedImage], seed: int) -> list[dict[str, Any]]:
    category_ids = {name: i for i, name in enumerate(KINDS, 1)}
    annotations = []
    for image in images:
        for i, thing in enumerate(make_scene(seed, image.number).things):
            x1, y1, x2, y2 = thing.box
            annotations.append(
                {
                    "segmentation": [],
                    "area": float((x2 - x1) * (y2 - y1)),
                    "iscrowd": 0,
                    "image_id": image.coco_id,
                    "bbox": [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
                    "category_id": category_ids[thing.kind],
                    "id": 10 * image.number + i + 1,
                }
            )
    return annotations


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), "utf-8")
