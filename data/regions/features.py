"""Features of pictures as the store holds them: where a backbone is run, and whether it and its numbers fit in.

Legend: R regions of one image, F features of a region.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from data import backbones, workers
from data.backbones import BackboneSettings, View
from data.errors import UserError
from data.regions.halves import FLOAT16_MAX
from data.schema import FEATURE_SIZE
from data.shards import Workplace


def workplace_of(backbone: BackboneSettings, workplace: Workplace) -> Workplace:
    """Where features are made: torch is never loaded into this process, and one process alone has the GPU."""
    if not backbones.backbone(backbone.name).libraries:
        return workplace
    num_workers = 1 if backbone.device == "cuda" else workplace.num_workers
    return dataclasses.replace(workplace, num_workers=num_workers, executor=workers.spawned)


def width_of(backbone: BackboneSettings, workplace: Workplace) -> int:
    """How many features the backbone gives. Raises UserError where it cannot be opened there, or gives too many."""
    with workplace.executor(1) as executor:
        width = executor.submit(_width, backbone).result()
    if width > FEATURE_SIZE:
        raise UserError(
            expected=f"a backbone of at most {FEATURE_SIZE} features",
            found=f"{width}",
            where=backbone.setting,
            way_out="take a model whose last map is narrower, such as a ResNet",
        )
    return width


def features_of(views: Sequence[View], backbone: BackboneSettings) -> Iterator[NDArray[np.float32]]:
    """The features of each view, (R, 2048), in order: those of the backbone, then zeros."""
    for found_RF in backbones.opened(backbone).features(views):
        yield np.pad(found_RF, ((0, 0), (0, FEATURE_SIZE - found_RF.shape[1])))


def as_float16(features_RF: NDArray[np.float32], image_id: str) -> NDArray[np.float16]:
    """The features as they are stored. Raises UserError where float16 cannot hold one, or one is no number."""
    highest = np.abs(features_RF).max()
    if not highest <= FLOAT16_MAX:  # NaN is not, either
        raise UserError(
            expected=f"features of at most {FLOAT16_MAX:.0f}, as float16 holds them",
            found=f"{highest} in {image_id}",
            where="[RegionFeatures] weights",
            way_out="take weights that were trained to the end",
        )
    return features_RF.astype(np.float16)


def _width(backbone: BackboneSettings) -> int:
    return backbones.opened(backbone).num_features
