"""Encoded bytes to an upright RGB picture: every kind of pixel that photographs on the web come in.

JPEGs are always decoded at full size: decoding at a half or an eighth (Pillow's `draft`) changes the pixels, and a crop
of a picture of COCO's size seldom allows it. Colour profiles are not applied, as nobody applies them in training.
"""

from __future__ import annotations

import io
from typing import NoReturn

import numpy as np
from PIL import ExifTags, Image

from data.regions.pictures import PictureError

MAX_PIXELS = 89_478_485
"""Pillow's own bound: it warns of pictures above it, since so many pixels may be a bomb."""
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What is read; Pillow would start other programs for some of the formats that it knows beside these."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation (CIPA DC-008, section 4.6.5, tag 274)."""
_BROKEN = (OSError, SyntaxError, ValueError, EOFError)  # PIL has no one error
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def decode(encoded: bytes) -> Image.Image:
    """The picture (the first, of several in a file), upright, in RGB; what is transparent lies on white.

    Raises PictureError, whose text is a short fixed reason.
    """
    try:
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise PictureError("picture too large")
            picture.load()
            return _in_rgb(_upright(picture))
    except _BOMBS as error:
        raise PictureError("picture too large") from error
    except _BROKEN as error:
        _refuse(encoded, error)


def format_of(encoded: bytes) -> str:
    """The name of the format of bytes that can be decoded: one of `FORMATS`."""
    with Image.open(io.BytesIO(encoded), formats=FORMATS) as picture:
        return "JPEG" if picture.format == "MPO" else str(picture.format)  # a JPEG with others behind it


def _refuse(encoded: bytes, error: Exception) -> NoReturn:
    if not encoded:
        raise PictureError("picture of no bytes") from error
    if "truncated" in str(error).lower():
        raise PictureError("picture that is cut off") from error
    raise PictureError("picture that cannot be decoded") from error


def _upright(picture: Image.Image) -> Image.Image:
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # whatever a camera wrote there: the pixels are whole
        return picture
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return picture if turn is None else picture.transpose(turn)


def _in_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "F":
        raise PictureError("picture of pixels that are no whole numbers")
    if picture.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip at 255
        grey = np.asarray(picture).astype(np.int64) >> 8
        return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
