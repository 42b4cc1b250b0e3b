"""Files of any size in the exact formats of COCO's instances and Visual Genome's list of images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from speed.generating import coco_images

NUM_COCO_INSTANCES = 896_782
NUM_VG_IN_COCO = 51_497
_CATEGORIES = ("person", "bicycle", "car", "dog", "horse", "chair", "cup", "bottle", "bus", "train", "clock", "bird")
_NUM_CORNERS = 12  # of the outline of an object


def instances(path: Path, *, num_images: int, num_instances: int, seed: int = 0) -> None:
    """Write COCO's instances_train2014.json with that many images and objects in all, outlines included.

    https://cocodataset.org/#format-data
    """
    generator = np.random.default_rng(seed)
    shown = generator.integers(1, num_images + 1, num_instances).tolist()
    kinds = generator.integers(1, len(_CATEGORIES) + 1, num_instances).tolist()
    boxes = generator.uniform(1, 300, (num_instances, 4)).round(2)
    outlines = generator.uniform(1, 400, (num_instances, 2 * _NUM_CORNERS)).round(2)
    with path.open("w", encoding="utf-8") as file:
        file.write('{"info": {"description": "as COCO 2014"}, "images": ')
        json.dump(coco_images(num_images), file)
        file.write(', "licenses": [], "annotations": [')
        for number, (image, kind) in enumerate(zip(shown, kinds, strict=True)):
            annotation = {
                "segmentation": [outlines[number].tolist()],
                "area": round(float(boxes[number, 2] * boxes[number, 3]), 2),
                "iscrowd": 0,
                "image_id": image,
                "bbox": boxes[number].tolist(),
                "category_id": kind,
                "id": number + 1,
            }
            file.write(", " if number else "")
            json.dump(annotation, file)
        file.write('], "categories": ')
        json.dump([_category(number, name) for number, name in enumerate(_CATEGORIES, start=1)], file)
        file.write("}")


def image_data(path: Path, *, num_images: int, coco_ids: Sequence[int]) -> None:
    """Write Visual Genome's image_data.json; the last images are in COCO too, under `coco_ids`.

    https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
    """
    in_coco = [None] * (num_images - len(coco_ids)) + list(coco_ids)
    listed = [
        {
            "image_id": image,
            "url": f"https://cs.stanford.edu/people/rak248/VG_100K_2/{image}.jpg",
            "width": 640,
            "height": 480,
            "coco_id": coco_id,
            "flickr_id": None,
        }
        for image, coco_id in enumerate(in_coco, start=1)
    ]
    path.write_text(json.dumps(listed), "utf-8")


def _category(number: int, name: str) -> dict[str, Any]:
    return {"supercategory": "thing", "id": number, "name": name}
