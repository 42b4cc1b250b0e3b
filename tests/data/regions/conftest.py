"""Small files of a detector, small pictures, and the table of their images."""

import base64
import json
import shutil

import numpy as np
import pytest

from data import images
from data.images import SplitSettings
from data.progress import silent
from data.regions.detections import build
from data.regions.store import RegionStore
from data.shards import Workplace
from tests.data.regions.obj36 import ANY, VOCABULARIES


@pytest.fixture
def make_files(tmp_path):
    """Write `{source: text}` and give the SourceFiles of them."""

    def make(**texts):
        files = {}
        for name, text in texts.items():
            files[name] = (tmp_path / name,)
            files[name][0].write_text(text if isinstance(text, str) else json.dumps(text))
        return files

    return make


@pytest.fixture
def make_table(tmp_path):
    """The folder of an image table built from files."""

    def make(files, **rates):
        into = tmp_path / "images"
        into.mkdir()
        settings = SplitSettings(**{"validation_rate": 0.0, "test_rate": 0.0, "seed": 1, **rates})
        images.build(files, settings, into=into, progress=silent)
        return into

    return make


@pytest.fixture
def coco():
    """COCO's file of images by number, 200 x 100 pixels, with annotations as (image, category, bbox)."""

    def make(*numbers, annotations=(), categories=()):
        return {
            "images": [{"id": n, "file_name": f"{n:012}.png", "width": 200, "height": 100} for n in numbers],
            "annotations": [{"image_id": i, "category_id": c, "bbox": bbox} for i, c, bbox in annotations],
            "categories": [{"id": number, "name": name} for number, name in enumerate(categories)],
        }

    return make


@pytest.fixture
def obj36():
    """A detector's line for an image of 200 x 100 pixels; keyword arguments replace its arrays."""

    def encoded(values, dtype):
        return base64.b64encode(np.asarray(values, dtype).tobytes()).decode()

    def make(name, num_boxes=36, **arrays):
        given = {
            "object_ids": np.arange(num_boxes) % 3,
            "object_conf": np.linspace(0.9, 0.2, num_boxes),
            "attribute_ids": np.zeros(num_boxes),
            "attribute_conf": np.full(num_boxes, 0.5),
            "boxes": np.tile([20.0, 10.0, 100.0, 50.0], (num_boxes, 1)),
            "features": np.arange(num_boxes)[:, None] + np.zeros(2048),
            **arrays,
        }
        columns = [
            name,
            "100",
            "200",
            encoded(given["object_ids"], "<i8"),
            encoded(given["object_conf"], "<f4"),
            encoded(given["attribute_ids"], "<i8"),
            encoded(given["attribute_conf"], "<f4"),
            str(num_boxes),
            encoded(given["boxes"], "<f4"),
            encoded(given["features"], "<f4"),
        ]
        return "\t".join(columns) + "\n"

    return make


@pytest.fixture
def make_store(tmp_path, make_files, make_table, coco):
    """(store, counts) from a detector's text, for the images 1 to 9 of COCO and vg:7, which is coco:2."""
    vg = [{"image_id": 7, "width": 200, "height": 100, "coco_id": 2}]
    files = make_files(coco_captions=coco(*range(1, 10)), vg_image_data=vg, obj36="", **VOCABULARIES)
    table = make_table(files)

    def make(text, settings=ANY):
        files["obj36"][0].write_text(text, newline="")
        into = tmp_path / "regions"
        for folder in (into, tmp_path / "scratch"):
            shutil.rmtree(folder, ignore_errors=True)
        into.mkdir()
        build(
            files,
            images=table,
            settings=settings,
            into=into,
            progress=silent,
            workplace=Workplace(scratch=tmp_path / "scratch"),
        )
        return RegionStore.open(into / "regions.h5"), json.loads((into / "counts.json").read_text())

    return make
