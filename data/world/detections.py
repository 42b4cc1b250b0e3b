"""Pictures and detections of the generated world, a chunk of scenes at a time: what worker processes do.

Rows have the ten columns of LXMERT's 36-region files, without a header (https://github.com/airsplay/lxmert,
`src/utils.py`). Legend: N regions, D description.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data.schema import NUM_REGIONS
from data.world.draw import jpeg, png
from data.world.features import Detector, describe
from data.world.plan import Picture
from data.world.proposals import Proposals, propose
from data.world.scenes import SIDE_PX, make_scene


@dataclass(frozen=True, kw_only=True)
class Described:
    """What a detector learns from: described boxes and their labels."""

    descriptions_ND: NDArray[np.int64]
    object_ids_N: NDArray[np.int64]
    attribute_ids_N: NDArray[np.int64]


def describe_scenes(numbers: Sequence[int], *, seed: int) -> Described:
    """The described proposals of some scenes."""
    descriptions, object_ids, attribute_ids = [], [], []
    for number in numbers:
        scene = make_scene(seed, number)
        proposals = propose(scene, seed)
        descriptions.append(describe(_decode(jpeg(scene, seed)), proposals.boxes_R4))
        object_ids.append(proposals.object_ids_R)
        attribute_ids.append(proposals.attribute_ids_R)
    return Described(
        descriptions_ND=np.concatenate(descriptions),
        object_ids_N=np.concatenate(object_ids),
        attribute_ids_N=np.concatenate(attribute_ids),
    )


def publish_pictures(pictures: Sequence[Picture], *, seed: int, detector: Detector, into: Path) -> list[bytes]:
    """Write some pictures below `into`, as PNG or JPEG by their names, and return their rows of detections."""
    rows = []
    for picture in pictures:
        scene = make_scene(seed, picture.number)
        content = png(scene, seed) if picture.path.endswith(".png") else jpeg(scene, seed)
        (into / picture.path).write_bytes(content)
        proposals = propose(scene, seed)
        features_RF = detector.features(describe(_decode(content), proposals.boxes_R4))
        rows.append(_row(picture.listed_as, proposals, features_RF))
    return rows


def _decode(picture: bytes) -> Image.Image:
    """The pixels as every other reader of the file will see them."""
    return Image.open(io.BytesIO(picture)).convert("RGB")


def _row(name: str, proposals: Proposals, features_RF: NDArray[np.float32]) -> bytes:
    columns = [
        name.encode(),
        str(SIDE_PX).encode(),
        str(SIDE_PX).encode(),
        _encode(proposals.object_ids_R, "<i8"),
        _encode(proposals.object_conf_R, "<f4"),
        _encode(proposals.attribute_ids_R, "<i8"),
        _encode(proposals.attribute_conf_R, "<f4"),
        str(NUM_REGIONS).encode(),
        _encode(proposals.boxes_R4, "<f4"),
        _encode(features_RF, "<f4"),
    ]
    return b"\t".join(columns) + b"\n"


def _encode(values: NDArray[Any], kind: str) -> bytes:
    return base64.b64encode(values.astype(kind).tobytes())
