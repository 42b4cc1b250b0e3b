"""One picture of the user's: decoded once, to see that it can be, and made smaller where that is asked."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from data.pictures.decoding import decode, format_of
from data.regions.pictures import SHAPE_TOLERANCE, PictureError
from data.sources.own_pictures import MAX_BYTES

TOO_LARGE = "picture of more than 32 MiB"
_LOSSY = ("JPEG", "WEBP")
_QUALITY = 95
Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A picture that was decoded: its bytes as they are to be kept, their format, and its width and height upright."""

    encoded: bytes
    format: str
    size_px: Size
    is_smaller: bool


def read(path: Path) -> bytes:
    """The bytes of a file. Raises PictureError where they are too many to be looked at."""
    if path.stat().st_size > MAX_BYTES:
        raise PictureError(TOO_LARGE)
    return path.read_bytes()


def check(encoded: bytes, listed_px: Size | None, *, max_side_px: int | None) -> Checked:
    """An encoded picture. `listed_px` is its listed width and height, upright or not; None: it is not listed.

    One whose longer side is above `max_side_px` is made as small as that: JPEG and WebP become JPEG, all else PNG.
    Raises PictureError where it is broken, huge, or not shaped as it was listed.
    """
    if len(encoded) > MAX_BYTES:
        raise PictureError(TOO_LARGE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of EXIF that some camera wrote wrongly
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        picture = decode(encoded)
    if listed_px and not _is_shaped(picture, listed_px) and not _is_shaped(picture, listed_px[::-1]):
        raise PictureError("picture of another shape than listed")
    if max_side_px is None or max(picture.size) <= max_side_px:
        return Checked(encoded=encoded, format=format_of(encoded), size_px=picture.size, is_smaller=False)
    smaller = _fitted(picture, max_side_px)
    kept = _encoded(smaller, "JPEG" if format_of(encoded) in _LOSSY else "PNG")
    return Checked(encoded=kept, format=format_of(kept), size_px=smaller.size, is_smaller=True)


def _is_shaped(picture: Image.Image, size_px: Size) -> bool:
    """Resized copies are welcome."""
    width, height = picture.size
    return abs(width * size_px[1] - height * size_px[0]) <= SHAPE_TOLERANCE * width * size_px[1]


def _fitted(picture: Image.Image, side_px: int) -> Image.Image:
    """The picture in its shape, its longer side as given."""
    scale = side_px / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _encoded(picture: Image.Image, format_: str) -> bytes:
    """In colours of full resolution where the format has a choice."""
    buffer = io.BytesIO()
    options = {"quality": _QUALITY, "subsampling": 0} if format_ == "JPEG" else {}
    picture.save(buffer, format_, **options)
    return buffer.getvalue()
