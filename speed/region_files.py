"""A detector's table of any size in the exact format of obj36, with the vocabularies that it goes with.

A row is 0.4 MB, nearly all of it features: few distinct ones are drawn and repeated, which no reader can profit from,
since each is decoded where it is met. What stands beside them is drawn for each row.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.schema import FEATURE_SIZE, NUM_REGIONS

NUM_OBJECTS = 1600
NUM_ATTRIBUTES = 400
NUM_DISTINCT = 256  # features
NUM_SIGNS = NUM_REGIONS * FEATURE_SIZE * 4 * 4 // 3  # of base64 for the features of an image
_WIDTH_PX, _HEIGHT_PX = 640, 480


def table(path: Path, *, num_rows: int, seed: int = 0) -> NDArray[np.int64]:
    """Write `*_obj36.tsv` with that many images, in an order that is not that of their ids.

    Returns where the features of each line start, `NUM_SIGNS` of base64. https://github.com/airsplay/lxmert#pre-processed-image-features
    """
    generator = np.random.default_rng(seed)
    features = [_encoded(_features(generator), "<f4") for _ in range(min(NUM_DISTINCT, num_rows))]
    starts = []
    with path.open("wb") as file:
        for number, image in enumerate(generator.permutation(num_rows).tolist()):
            head = [_name(image), b"%d" % _HEIGHT_PX, b"%d" % _WIDTH_PX, *_classes(generator), b"%d" % NUM_REGIONS]
            file.write(b"\t".join([*head, _encoded(_boxes(generator), "<f4"), b""]))
            starts.append(file.tell())
            file.write(features[number % len(features)] + b"\n")
    return np.array(starts)


def vocabularies(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Write the detector's two lists of names; returns them as `[sources]` names them."""
    names = {"object_vocabulary": ("thing", NUM_OBJECTS), "attribute_vocabulary": ("kind", NUM_ATTRIBUTES)}
    for source, (word, number) in names.items():
        (folder / f"{source}.txt").write_text("".join(f"{word} {n}\n" for n in range(number)), "utf-8")
    return {source: (folder / f"{source}.txt",) for source in names}


def image_ids(num_rows: int) -> Iterator[str]:
    """The ids of the images of a table of that many rows."""
    return (f"coco:{image + 1}" for image in range(num_rows))


def _name(image: int) -> bytes:
    return b"COCO_train2014_%012d" % (image + 1)


def _features(generator: np.random.Generator) -> NDArray[Any]:
    """As a detector's: none below 0, many 0."""
    return np.maximum(generator.normal(size=(NUM_REGIONS, FEATURE_SIZE)), 0)


def _classes(generator: np.random.Generator) -> Iterator[bytes]:
    """Ids and confidences of objects and attributes, most confident first."""
    for num_labels in (NUM_OBJECTS, NUM_ATTRIBUTES):
        yield _encoded(generator.integers(0, num_labels, NUM_REGIONS), "<i8")
        yield _encoded(np.sort(generator.random(NUM_REGIONS))[::-1], "<f4")


def _boxes(generator: np.random.Generator) -> NDArray[Any]:
    corners_R22 = np.sort(generator.random((NUM_REGIONS, 2, 2)), axis=1)
    boxes_R4: NDArray[Any] = corners_R22.reshape(NUM_REGIONS, 4) * [_WIDTH_PX, _HEIGHT_PX, _WIDTH_PX, _HEIGHT_PX]
    return boxes_R4


def _encoded(values: NDArray[Any], dtype: str) -> bytes:
    return base64.b64encode(np.ascontiguousarray(values, dtype).tobytes())
