"""Random resized crops (Szegedy et al. 2015, https://arxiv.org/abs/1409.4842): a part of the picture, of any place.

The usual way: ten tries of an area and a shape, the first that fits; where none does, the largest middle part whose
shape is allowed. Legend: N numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NUM_TRIES = 10
NUM_DRAWS = 2 * _NUM_TRIES + 2
"""Numbers in [0, 1) for a crop: area and shape of each try, then the place."""
Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Crop:
    """A part of a picture, in whole px from its upper left corner."""

    left: int
    top: int
    width: int
    height: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        return (self.left, self.top, self.left + self.width, self.top + self.height)


def random_crop(width: int, height: int, shares_N: NDArray[np.float64], *, scale: Range, ratio: Range) -> Crop:
    """A crop of a picture of that size; `scale` is of its area, `ratio` is width to height (drawn on a log scale).

    `shares_N` are `NUM_DRAWS` numbers in [0, 1).
    """
    for area_share, shape_share in shares_N[: 2 * _NUM_TRIES].reshape(_NUM_TRIES, 2).tolist():
        area = width * height * _between(scale, area_share)
        shape = math.exp(_between((math.log(ratio[0]), math.log(ratio[1])), shape_share))
        crop_width, crop_height = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if 0 < crop_width <= width and 0 < crop_height <= height:
            across, down = shares_N[2 * _NUM_TRIES :].tolist()
            left, top = int(across * (width - crop_width + 1)), int(down * (height - crop_height + 1))
            return Crop(left=left, top=top, width=crop_width, height=crop_height)
    return _middle(width, height, ratio)


def _between(ends: Range, share: float) -> float:
    return ends[0] + share * (ends[1] - ends[0])


def _middle(width: int, height: int, ratio: Range) -> Crop:
    """The largest part about the middle whose shape is in the range."""
    crop_width = max(1, min(width, round(height * ratio[1])))
    crop_height = max(1, min(height, round(width / ratio[0])))
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return Crop(left=left, top=top, width=crop_width, height=crop_height)
