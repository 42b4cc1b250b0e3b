"""Pictures of the tiny set's images, of 8 x 8 px in two halves: a colour for each of the two objects."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

from data.pictures.store import PictureStore
from data.schema import PICTURES
from data.vocabulary import Vocabulary
from data.writers import write_with_blobs
from model import facts
from model.facts import Facts
from model.patches import Grid, PatchStore, texts_of
from model.specs import Network, Options
from tests.model.tiny import NUM_IMAGES, TOKENS, image_id, objects_of

COLOURS = ((250, 20, 20), (20, 250, 20), (20, 20, 250), (240, 240, 20))
PLAIN: Options = {"crop_scale": (1.0, 1.0), "crop_ratio": (1.0, 1.0), "flip_rate": 0.0, "num_operations": 0}
"""The view of a training that sees pictures as they are."""


def albef(**changes: object) -> Network:
    """A network of 4 patches of 4 x 4 px."""
    return Network(
        **{  # type: ignore[arg-type]  # each is of its field's kind
            "name": "albef",
            "hidden_size": 16,
            "num_layers": 2,
            "num_heads": 2,
            "intermediate_size": 32,
            "max_positions": 16,
            "dropout_rate": 0.1,
            "num_regions": 4,
            "region_feature_size": 48,
            "images": "patches",
            "options": {"image_layers": 1, "fusion_layers": 1, "embedding_size": 8, "init": "fan_in"},
            **changes,
        }
    )


def write(folder: Path) -> PictureStore:
    """The store of all pictures."""
    (folder / "pictures").mkdir(parents=True)
    table = pa.Table.from_pylist([_row(image) for image in range(NUM_IMAGES)], schema=PICTURES)
    write_with_blobs(folder / "pictures/part-00000.parquet", [table], PICTURES, blobs="encoded")
    return PictureStore.open(folder)


def tiny_facts(store: PictureStore) -> Facts:
    """Facts about the tiny set whose images are pictures."""
    patches = PatchStore(store, Grid.of(albef()), colours="clip", num_threads=1, texts_of=texts_of(TOKENS))
    return facts.of(patches, Vocabulary(TOKENS), negatives=None)


def _row(image: int) -> dict[str, object]:
    left, right = (COLOURS[shown] for shown in objects_of(image)[2:4])
    pixels_HW3 = np.zeros((8, 8, 3), np.uint8)
    pixels_HW3[:, :4], pixels_HW3[:, 4:] = left, right
    buffer = io.BytesIO()
    Image.fromarray(pixels_HW3).save(buffer, "PNG")
    content = buffer.getvalue()
    return {
        "image_id": image_id(image),
        "width_px": 8,
        "height_px": 8,
        "format": "PNG",
        "num_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "source": "coco_images",
        "folder": 0,
        "path": f"{image}.png",
        "encoded": content,
    }
