"""Region features of the generated world: a small detector over a description of a box's pixels.

A box is described by its gradient directions (after Dalal and Triggs 2005, https://doi.org/10.1109/CVPR.2005.177) and
its mean colours on a 3 x 3 grid. A ridge regression, trained on scenes of their own, scores every label; the features
are one random ReLU layer over those scores and a random sketch of the description, standardised per dimension: like a
detector's last layer they are low in rank and know kinds better than instances.

All matrix products are of integers small enough to be exact, so that the bytes do not depend on the processor.

Legend: R regions of one image, N regions of many, D description, L labels, S scores and sketch, F features, H and W
height and width in pixels, C channels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data.schema import FEATURE_SIZE
from data.world.kinds import ATTRIBUTE_LABELS, OBJECT_LABELS

Floats = NDArray[np.float64]

_CELLS = 3  # to a side
_CELL_PX = 4
_CROP_PX = _CELLS * _CELL_PX + 2  # a gradient needs a neighbour on each side
_NUM_DIRECTIONS = 8
_SKETCH_SIZE = 24
_RIDGE = 0.01  # of the mean variance of a description's dimension
_WEIGHT_SCALE = 2.0**20  # what a regression weight of one is as an integer
_SCORE_SCALE = 64.0  # what a standard deviation of a score is as an integer
_MAX_SCORE = 512.0
_LAYER_SCALE = 16.0
_BLOCK = 1024  # boxes at a time
_LAYER_BIAS = 0.5  # standard deviations: keeps most of the layer's variance linear, so low in rank


def describe(picture: Image.Image, boxes_R4: NDArray[np.float32]) -> NDArray[np.int64]:
    """The integer descriptions, (R, D), of the pixels in boxes x1, y1, x2, y2."""
    size = (_CROP_PX, _CROP_PX)
    crops = [np.asarray(picture.resize(size, Image.Resampling.BILINEAR, box=tuple(box))) for box in boxes_R4.tolist()]
    crops_RHWC = np.stack(crops).astype(np.int64)
    return np.concatenate([_directions(crops_RHWC.sum(-1)), _colours(crops_RHWC)], axis=1)


def _directions(light_RHW: NDArray[np.int64]) -> NDArray[np.int64]:
    """Histograms of gradient octants by cell, each a share of the crop's mean, at most 255."""
    dx = light_RHW[:, 1:-1, 2:] - light_RHW[:, 1:-1, :-2]
    dy = light_RHW[:, 2:, 1:-1] - light_RHW[:, :-2, 1:-1]
    strength = np.maximum(abs(dx), abs(dy))
    octant = 4 * (dx < 0) + 2 * (dy < 0) + (abs(dx) > abs(dy))
    by_direction = [_sum_cells(strength * (octant == k)) for k in range(_NUM_DIRECTIONS)]
    histograms_RD: NDArray[np.int64] = np.concatenate(by_direction, axis=1)
    mean_R1 = histograms_RD.sum(axis=1, keepdims=True) // histograms_RD.shape[1]
    floor = 16  # so that a crop without edges does not blow up its noise
    return np.asarray(np.minimum(histograms_RD * 32 // (mean_R1 + floor), 255))


def _colours(crops_RHWC: NDArray[np.int64]) -> NDArray[np.int64]:
    inner_RHWC = crops_RHWC[:, 1:-1, 1:-1]
    return np.concatenate([_sum_cells(inner_RHWC[..., c]) // _CELL_PX**2 for c in range(3)], axis=1)


def _sum_cells(pixels_RHW: NDArray[np.int64]) -> NDArray[np.int64]:
    cells: NDArray[np.int64] = pixels_RHW.reshape(len(pixels_RHW), _CELLS, _CELL_PX, _CELLS, _CELL_PX).sum(axis=(2, 4))
    return cells.reshape(len(pixels_RHW), -1)


@dataclass(frozen=True, kw_only=True)
class Detector:
    """What turns descriptions into features. `scores_DS` and `layer_SF` hold integers."""

    scores_DS: Floats
    score_mean_S: Floats
    score_std_S: Floats
    layer_SF: Floats
    layer_bias: float
    layer_mean_F: Floats
    layer_std_F: Floats

    def features(self, descriptions_RD: NDArray[np.int64]) -> NDArray[np.float32]:
        """(R, F), about zero mean and unit variance in every dimension."""
        layer_RF = _layer(self._scores(descriptions_RD), self.layer_SF, self.layer_bias)
        return ((layer_RF - self.layer_mean_F) / self.layer_std_F).astype(np.float32)

    def _scores(self, descriptions_RD: NDArray[np.int64]) -> Floats:
        return _standard_scores(descriptions_RD @ self.scores_DS, self.score_mean_S, self.score_std_S)


def train_detector(
    descriptions_ND: NDArray[np.int64],
    object_ids_N: NDArray[np.int64],
    attribute_ids_N: NDArray[np.int64],
    *,
    seed: int,
) -> Detector:
    """A detector from described boxes and their (sometimes wrong) labels."""
    random = np.random.default_rng([seed, FEATURE_SIZE])
    labels_NL = np.concatenate(
        [np.eye(len(OBJECT_LABELS))[object_ids_N], np.eye(len(ATTRIBUTE_LABELS))[attribute_ids_N]], axis=1
    )
    sketch_DS = random.choice([-1.0, 1.0], (descriptions_ND.shape[1], _SKETCH_SIZE))
    scores_DS = np.concatenate([_ridge(descriptions_ND, labels_NL), sketch_DS], axis=1)
    num_scores = scores_DS.shape[1]
    layer_SF = np.round(random.normal(0, _LAYER_SCALE, (num_scores, FEATURE_SIZE)))
    layer_bias = float(round(_LAYER_BIAS * _SCORE_SCALE * _LAYER_SCALE * num_scores**0.5))
    blocks = np.array_split(descriptions_ND, -(-len(descriptions_ND) // _BLOCK))
    score_mean_S, score_std_S = _mean_and_std(block @ scores_DS for block in blocks)
    scores = (_standard_scores(block @ scores_DS, score_mean_S, score_std_S) for block in blocks)
    layer_mean_F, layer_std_F = _mean_and_std(_layer(block, layer_SF, layer_bias) for block in scores)
    return Detector(
        scores_DS=scores_DS,
        score_mean_S=score_mean_S,
        score_std_S=score_std_S,
        layer_SF=layer_SF,
        layer_bias=layer_bias,
        layer_mean_F=layer_mean_F,
        layer_std_F=layer_std_F,
    )


def _ridge(inputs_ND: NDArray[np.int64], targets_NL: Floats) -> Floats:
    """Integer weights (D, L) of a ridge regression; rounding hides the last bits, which differ between processors."""
    exact_ND = inputs_ND.astype(np.float64)
    num_rows, num_inputs = exact_ND.shape
    mean_D, mean_L = exact_ND.sum(axis=0) / num_rows, targets_NL.sum(axis=0) / num_rows
    covariance_DD = exact_ND.T @ exact_ND / num_rows - np.outer(mean_D, mean_D)
    cross_DL = exact_ND.T @ targets_NL / num_rows - np.outer(mean_D, mean_L)
    penalty = _RIDGE * np.trace(covariance_DD) / num_inputs
    weights_DL = np.linalg.solve(covariance_DD + penalty * np.eye(num_inputs), cross_DL)
    return np.asarray(np.round(weights_DL * _WEIGHT_SCALE))


def _layer(scores_NS: Floats, layer_SF: Floats, bias: float) -> Floats:
    return np.maximum(scores_NS @ layer_SF + bias, 0.0)


def _standard_scores(raw_NS: Floats, mean_S: Floats, std_S: Floats) -> Floats:
    """Scores as integers, `_SCORE_SCALE` to a standard deviation."""
    return np.clip(np.round((raw_NS - mean_S) / std_S * _SCORE_SCALE), -_MAX_SCORE, _MAX_SCORE)


def _mean_and_std(blocks: Iterable[Floats]) -> tuple[Floats, Floats]:
    """Per column, from sums of integers, which are exact in any order; a constant column has deviation one."""
    num_rows, total, total_of_squares = 0, np.zeros(1), np.zeros(1)
    for block_NS in blocks:
        num_rows += len(block_NS)
        total = total + block_NS.sum(axis=0)
        total_of_squares = total_of_squares + (block_NS**2).sum(axis=0)
    mean_S = total / num_rows
    variance_S = total_of_squares / num_rows - mean_S**2
    return mean_S, np.sqrt(np.where(variance_S > 0, variance_S, 1.0))
