"""What a region looks like, in 2048 whole numbers: coarse colours, edges and a colour histogram, seen through a fixed
random layer.

Everything is whole numbers below 2**24, so that float32 products are exact: the bytes do not depend on the processor,
the linear algebra library or the number of threads. Like the pooled layer of a detector the result is of low rank
(coarse descriptions of overlapping regions) and rectified.
Legend: R regions, P crop side in pixels (32), C colour channels (3), D description size, F features.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data import draws
from data.backbones import Backbone, BackboneSettings, View
from data.schema import FEATURE_SIZE

CROP_SIDE_PX = 32
_THUMBNAIL_SIDE = 8  # cells of 4 x 4 pixels
_EDGE_SIDE = 4  # cells of 8 x 8 pixels
_NUM_OCTANTS = 8
_NUM_LEVELS = 4  # of each colour channel in the histogram
DESCRIPTION_SIZE = 3 * _THUMBNAIL_SIDE**2 + _NUM_OCTANTS * _EDGE_SIDE**2 + _NUM_LEVELS**3
_HIGHEST = 127


class _Pixels:
    """What sees descriptions alone."""

    num_features = FEATURE_SIZE

    def features(self, views: Sequence[View]) -> Iterator[NDArray[np.float32]]:
        """The features of each view; one picture is open at a time."""
        return (features(view.open(), view.boxes_R4) for view in views)


def _open(settings: BackboneSettings) -> _Pixels:
    return _Pixels()


BACKBONE = Backbone(open=_open, is_standardised=True)


def features(picture: Image.Image, boxes_R4: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features of each region of an RGB picture, (R, F) whole numbers from 0; boxes as shares of its sides."""
    weights_DF, biases_F = _layer()
    descriptions_RD = describe(crops(picture, boxes_R4))
    hidden_RF: NDArray[np.float32] = descriptions_RD.astype(np.float32) @ weights_DF + biases_F
    return np.maximum(hidden_RF, 0)


def crops(picture: Image.Image, boxes_R4: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Each box resized to 32 x 32 pixels, (R, P, P, C); a box thinner than a pixel is widened to one."""
    width, height = picture.size
    size = (CROP_SIDE_PX, CROP_SIDE_PX)
    pixels = [
        np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=_at_least_a_pixel(box, width, height)))
        for box in boxes_R4.astype(np.float64).tolist()
    ]
    return np.stack(pixels)


def describe(crops_RPPC: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Colours, edges and histogram of each crop, (R, D), from -128 to 127."""
    parts = (_thumbnail(crops_RPPC), _edges(crops_RPPC), _histogram(crops_RPPC))
    return np.concatenate([part.reshape(len(crops_RPPC), -1) for part in parts], axis=1)


def _thumbnail(crops_RPPC: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Mean colour of each of 8 x 8 cells, less middle grey."""
    num_regions, side, cell = len(crops_RPPC), _THUMBNAIL_SIDE, CROP_SIDE_PX // _THUMBNAIL_SIDE
    rows = crops_RPPC.reshape(num_regions, side, cell, CROP_SIDE_PX * 3).sum(axis=2, dtype=np.int32)
    sums: NDArray[np.int32] = rows.reshape(num_regions, side, side, cell, 3).sum(axis=3)
    return sums // cell**2 - 128


def _edges(crops_RPPC: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Strength of the edges in each of eight directions in each of 4 x 4 cells."""
    grey_RPP = crops_RPPC.sum(axis=3, dtype=np.int32)
    across_RPP = np.diff(grey_RPP, axis=2, append=grey_RPP[:, :, -1:])
    down_RPP = np.diff(grey_RPP, axis=1, append=grey_RPP[:, -1:])
    strength_RPP = np.abs(across_RPP) + np.abs(down_RPP)
    octant_RPP = 4 * (across_RPP > 0) + 2 * (down_RPP > 0) + (np.abs(across_RPP) > np.abs(down_RPP))
    cell_P = np.arange(CROP_SIDE_PX) * _EDGE_SIDE // CROP_SIDE_PX
    bin_RPP = (cell_P[:, None] * _EDGE_SIDE + cell_P) * _NUM_OCTANTS + octant_RPP
    sums = _sums_by_bin(bin_RPP, _EDGE_SIDE**2 * _NUM_OCTANTS, strength_RPP)
    return np.minimum(sums // 64, _HIGHEST).astype(np.int32)


def _histogram(crops_RPPC: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Pixels of each of 64 colours, an eighth of their number."""
    levels_RPPC = crops_RPPC.astype(np.int64) * _NUM_LEVELS // 256
    bin_RPP = (levels_RPPC[..., 0] * _NUM_LEVELS + levels_RPPC[..., 1]) * _NUM_LEVELS + levels_RPPC[..., 2]
    return np.minimum(_sums_by_bin(bin_RPP, _NUM_LEVELS**3) // 8, _HIGHEST).astype(np.int32)


def _sums_by_bin(
    bin_RPP: NDArray[np.int64], num_bins: int, weight_RPP: NDArray[np.int32] | None = None
) -> NDArray[np.int64]:
    """The weights, or the number, of the pixels of each bin of each region, (R, num_bins); exact, being whole."""
    offsets_R = np.arange(len(bin_RPP)) * num_bins
    weights = None if weight_RPP is None else weight_RPP.ravel()
    flat = np.bincount((bin_RPP + offsets_R[:, None, None]).ravel(), weights, minlength=len(bin_RPP) * num_bins)
    return flat.reshape(len(bin_RPP), num_bins).astype(np.int64)


@functools.cache
def _layer() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The fixed random layer: weights (D, F), an eighth of them 1, an eighth -1, the rest 0; biases (F,)."""
    keys_D = draws.row_keys(f"pixel features {number}" for number in range(DESCRIPTION_SIZE))
    octave_DF = draws.integers(0, 0, keys_D, "weights", 8, FEATURE_SIZE)
    weights_DF = (octave_DF == 0).astype(np.float32) - (octave_DF == 1).astype(np.float32)
    biases_F = draws.integers(0, 0, keys_D[:1], "biases", 1024, FEATURE_SIZE)[0] - 512
    return weights_DF, biases_F.astype(np.float32)


def _at_least_a_pixel(box: list[float], width: int, height: int) -> tuple[float, float, float, float]:
    x1, y1 = min(box[0] * width, width - 1), min(box[1] * height, height - 1)
    return (x1, y1, min(max(box[2] * width, x1 + 1), width), min(max(box[3] * height, y1 + 1), height))
