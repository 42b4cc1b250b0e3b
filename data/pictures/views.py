"""How a picture is shown, as frozen specs: whole at evaluation; cropped, mirrored and altered in training.

All that is random follows from numbers that a view draws by (seed, epoch, row key), so that any picture of any batch
can be made at any time, in any thread. Legend: B rows, K numbers that a view draws for a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data import draws
from data.errors import UserError
from data.pictures import crops
from data.pictures.crops import Range
from data.pictures.operations import MAX_MAGNITUDE, OPERATIONS

_DRAWS_PER_OPERATION = 3  # which, whether, to which side


@dataclass(frozen=True, kw_only=True)
class Colours:
    """What is taken off and divided by, for red, green and blue in [0, 1], before a network sees them."""

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


CLIP = Colours(mean=(0.48145466, 0.4578275, 0.40821073), deviation=(0.26862954, 0.26130258, 0.27577711))
IMAGENET = Colours(mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
COLOURS: Mapping[str, Colours] = {"clip": CLIP, "imagenet": IMAGENET}


class View(Protocol):
    """A way to show pictures: squares of `size_px`."""

    @property
    def size_px(self) -> int:
        """The side of what is shown."""
        ...

    def draw(self, seed: int, epoch: int, keys_B: NDArray[np.uint64]) -> NDArray[np.float64]:
        """The numbers in [0, 1) that decide how each row's picture is shown, (B, K)."""
        ...

    def show(self, picture: Image.Image, shares_K: NDArray[np.float64], *, may_flip: bool) -> Image.Image:
        """The square that is made of an RGB picture; `may_flip`: left and right may be exchanged."""
        ...


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The whole picture, squeezed into the square (bicubic); nothing is cut off and nothing is random."""

    size_px: int = 256

    def __post_init__(self) -> None:
        _check(self.size_px >= 1, "a side of at least 1 px", f"size_px {self.size_px}")

    def draw(self, seed: int, epoch: int, keys_B: NDArray[np.uint64]) -> NDArray[np.float64]:
        """No numbers, (B, 0)."""
        return np.empty((len(keys_B), 0))

    def show(self, picture: Image.Image, shares_K: NDArray[np.float64], *, may_flip: bool) -> Image.Image:
        """The picture, resized."""
        return _resized(picture, self.size_px)


@dataclass(frozen=True, kw_only=True)
class Training:
    """A random resized crop, mirrored with `flip_rate`, then RandAugment: as ALBEF and GRIT-VLP pre-train.

    `crop_scale` is the range of the crop's share of the area, `crop_ratio` that of its width to its height. RandAugment
    draws `num_operations` of `operations`, again and again from all of them; each is done with `operation_rate`, at
    `magnitude` out of 10.
    """

    size_px: int = 256
    crop_scale: Range = (0.2, 1.0)
    crop_ratio: Range = (3 / 4, 4 / 3)
    flip_rate: float = 0.5
    num_operations: int = 2
    magnitude: float = 7.0
    operation_rate: float = 0.5
    operations: tuple[str, ...] = tuple(OPERATIONS)

    def __post_init__(self) -> None:
        _check(self.size_px >= 1, "a side of at least 1 px", f"size_px {self.size_px}")
        low, high = self.crop_scale
        _check(0 < low <= high <= 1, "crop_scale: two shares of the area above 0, rising", f"{self.crop_scale}")
        low, high = self.crop_ratio
        _check(0 < low <= high < np.inf, "crop_ratio: two shapes above 0, rising", f"{self.crop_ratio}")
        rates = (self.flip_rate, self.operation_rate)
        _check(all(0 <= rate <= 1 for rate in rates), "rates in [0, 1]", f"flip_rate, operation_rate {rates}")
        _check(0 <= self.magnitude <= MAX_MAGNITUDE, f"a magnitude of 0 to {MAX_MAGNITUDE}", f"{self.magnitude}")
        unknown = sorted(set(self.operations) - OPERATIONS.keys())
        _check(not unknown, f"operations: {', '.join(OPERATIONS)}", ", ".join(unknown))
        enough = self.num_operations == 0 or (self.num_operations > 0 and len(self.operations) > 0)
        _check(enough, "num_operations of 0 or more, and operations for it", f"num_operations {self.num_operations}")

    def draw(self, seed: int, epoch: int, keys_B: NDArray[np.uint64]) -> NDArray[np.float64]:
        """The numbers for the crop, the mirror and the operations; each group has a slot of its own."""
        num_draws = {"crop": crops.NUM_DRAWS, "flip": 1, "operations": _DRAWS_PER_OPERATION * self.num_operations}
        drawn = [draws.uniform(seed, epoch, keys_B, f"picture {name}", number) for name, number in num_draws.items()]
        return np.concatenate(drawn, axis=1)

    def show(self, picture: Image.Image, shares_K: NDArray[np.float64], *, may_flip: bool) -> Image.Image:
        """The crop, resized and altered."""
        of_crop, (flip_share, *others) = shares_K[: crops.NUM_DRAWS], shares_K[crops.NUM_DRAWS :].tolist()
        crop = crops.random_crop(*picture.size, of_crop, scale=self.crop_scale, ratio=self.crop_ratio)
        shown = _resized(picture.crop(crop.box), self.size_px)
        if may_flip and flip_share < self.flip_rate:
            shown = shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        for start in range(0, len(others), _DRAWS_PER_OPERATION):
            shown = self._altered(shown, *others[start : start + _DRAWS_PER_OPERATION])
        return shown

    def _altered(self, picture: Image.Image, which: float, whether: float, side: float) -> Image.Image:
        if whether >= self.operation_rate:
            return picture
        operation = OPERATIONS[self.operations[int(which * len(self.operations))]]
        amount = operation.amount(self.magnitude / MAX_MAGNITUDE)
        return operation.do(picture, -amount if operation.has_side and side < 0.5 else amount)


def _resized(picture: Image.Image, size_px: int) -> Image.Image:
    return picture.resize((size_px, size_px), Image.Resampling.BICUBIC)


def _check(good: bool, expected: str, found: str) -> None:
    if not good:
        raise UserError(
            expected=expected,
            found=found,
            where="the view of a picture",
            way_out="correct it; the defaults are those of ALBEF's pre-training",
        )
