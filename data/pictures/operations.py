"""What RandAugment (Cubuk et al. 2019, https://arxiv.org/abs/1909.13719) does to a picture: ALBEF's ten operations.

A level is a magnitude out of ten, in [0, 1]; the strengths are those of ALBEF's code (github.com/salesforce/ALBEF,
dataset/randaugment.py), done by Pillow instead of OpenCV. What comes in from outside the picture is middle grey.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image, ImageEnhance, ImageOps

MAX_MAGNITUDE = 10
_GREY = (128, 128, 128)
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Something to do to an RGB picture by some amount, which is `least` and as much more as the level says.

    `has_side`: half of the pictures get the amount with a minus.
    """

    do: Callable[[Image.Image, float], Image.Image]
    least: float = 0.0
    most: float = 0.0
    has_side: bool = False

    def amount(self, level: float) -> float:
        """The amount at that level in [0, 1]."""
        return self.least + level * (self.most - self.least)


def identity(picture: Image.Image, amount: float) -> Image.Image:
    """The picture as it is."""
    return picture


def autocontrast(picture: Image.Image, amount: float) -> Image.Image:
    """Each channel stretched, so that its darkest value is 0 and its lightest 255."""
    return ImageOps.autocontrast(picture)


def equalize(picture: Image.Image, amount: float) -> Image.Image:
    """The values of each channel spread so that all are about as frequent."""
    return ImageOps.equalize(picture)


def brightness(picture: Image.Image, amount: float) -> Image.Image:
    """Every value times `amount`, at most 255."""
    return picture.point([min(255, int(value * amount)) for value in range(256)] * 3)


def sharpness(picture: Image.Image, amount: float) -> Image.Image:
    """Less (below 1) or more different from the picture smoothed over 3 x 3 pixels."""
    return ImageEnhance.Sharpness(picture).enhance(amount)


def shear_x(picture: Image.Image, amount: float) -> Image.Image:
    """Each row moved right by `amount` times its distance from the top."""
    return _moved(picture, (1, -amount, 0, 0, 1, 0))


def shear_y(picture: Image.Image, amount: float) -> Image.Image:
    """Each column moved down by `amount` times its distance from the left."""
    return _moved(picture, (1, 0, 0, -amount, 1, 0))


def translate_x(picture: Image.Image, amount: float) -> Image.Image:
    """Moved right by `amount` px."""
    return _moved(picture, (1, 0, -amount, 0, 1, 0))


def translate_y(picture: Image.Image, amount: float) -> Image.Image:
    """Moved down by `amount` px."""
    return _moved(picture, (1, 0, 0, 0, 1, -amount))


def rotate(picture: Image.Image, amount: float) -> Image.Image:
    """Turned about its middle by `amount` degrees, against the clock."""
    return picture.rotate(amount, Image.Resampling.BILINEAR, fillcolor=_GREY)


OPERATIONS: Mapping[str, Operation] = {
    "identity": Operation(do=identity),
    "autocontrast": Operation(do=autocontrast),
    "equalize": Operation(do=equalize),
    "brightness": Operation(do=brightness, least=0.1, most=1.9),
    "sharpness": Operation(do=sharpness, least=0.1, most=1.9),
    "shear_x": Operation(do=shear_x, most=0.3, has_side=True),
    "shear_y": Operation(do=shear_y, most=0.3, has_side=True),
    "translate_x": Operation(do=translate_x, most=10.0, has_side=True),
    "translate_y": Operation(do=translate_y, most=10.0, has_side=True),
    "rotate": Operation(do=rotate, most=30.0, has_side=True),
}


def _moved(picture: Image.Image, source: Matrix) -> Image.Image:
    """`source` tells for each place of the result where in the picture it is from."""
    return picture.transform(
        picture.size, Image.Transform.AFFINE, source, resample=Image.Resampling.BILINEAR, fillcolor=_GREY
    )
