"""Every kind of pixel becomes upright RGB, worked out by hand on pictures of a few pixels."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.pictures.decoding import decode, format_of
from data.regions.pictures import PictureError

RED, GREEN, BLUE, WHITE = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]
# Two pixels wide, three high, all of another grey.
TALL = np.array([[10, 20], [30, 40], [50, 60]], np.uint8)


def encoded(picture: Image.Image, format_: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()


def pixels(content: bytes) -> list[object]:
    picture = decode(content)
    assert picture.mode == "RGB"
    found: list[object] = np.asarray(picture).tolist()
    return found


def test_grey_has_three_equal_channels() -> None:
    assert pixels(encoded(Image.fromarray(TALL[:1]))) == [[[10] * 3, [20] * 3]]


def test_black_and_white_is_0_and_255() -> None:
    assert pixels(encoded(Image.fromarray(np.array([[False, True]])))) == [[[0] * 3, WHITE]]


def test_sixteen_bits_a_pixel_lose_the_lower_eight() -> None:
    deep = np.array([[0x0000, 0x12FF, 0xFFFF]], np.uint16)
    for format_ in ("PNG", "TIFF"):
        assert pixels(encoded(Image.fromarray(deep), format_)) == [[[0] * 3, [0x12] * 3, WHITE]]


def test_a_palette_is_looked_up_and_its_transparent_colour_is_white() -> None:
    picture = Image.new("P", (3, 1))
    picture.putpalette([*RED, *GREEN, *BLUE])
    picture.putdata([0, 1, 2])
    assert pixels(encoded(picture)) == [[RED, GREEN, BLUE]]
    assert pixels(encoded(picture, transparency=1)) == [[RED, WHITE, BLUE]]
    assert pixels(encoded(picture, "GIF")) == [[RED, GREEN, BLUE]]


def test_what_is_transparent_lies_on_white() -> None:
    clear = np.array([[[*RED, 255], [*BLUE, 0], [0, 0, 0, 102]]], np.uint8)
    # 102 is two fifths: three fifths of white are 153.
    assert pixels(encoded(Image.fromarray(clear))) == [[RED, WHITE, [153] * 3]]
    grey = np.array([[[7, 255], [7, 0]]], np.uint8)
    assert pixels(encoded(Image.merge("LA", channels(grey)))) == [[[7] * 3, WHITE]]


def channels(pixels_HWC: np.ndarray) -> list[Image.Image]:
    return [Image.fromarray(pixels_HWC[..., number].copy()) for number in range(pixels_HWC.shape[-1])]


def test_cmyk_becomes_red_green_and_blue() -> None:
    inks = Image.new("CMYK", (8, 8), (0, 255, 255, 0))  # no cyan: red
    found = np.asarray(decode(encoded(inks, "JPEG", quality=100)))
    assert (abs(found.astype(int) - RED) <= 3).all()


UPRIGHT = {
    1: [[10, 20], [30, 40], [50, 60]],
    2: [[20, 10], [40, 30], [60, 50]],  # mirrored
    3: [[60, 50], [40, 30], [20, 10]],  # upside down
    4: [[50, 60], [30, 40], [10, 20]],  # mirrored upside down
    5: [[10, 30, 50], [20, 40, 60]],  # rows are columns
    6: [[50, 30, 10], [60, 40, 20]],  # to be turned with the clock
    7: [[60, 40, 20], [50, 30, 10]],
    8: [[20, 40, 60], [10, 30, 50]],  # against the clock
}
"""What TALL is by its EXIF orientation: where its first row and its first column are seen."""


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_a_picture_is_turned_upright_by_its_exif(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(encoded(Image.fromarray(TALL), exif=exif))
    assert np.asarray(picture)[..., 0].tolist() == UPRIGHT[orientation]


@pytest.mark.parametrize("orientation", [0, 9])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.asarray(decode(encoded(Image.fromarray(TALL), exif=exif)))[..., 0].tolist() == TALL.tolist()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_turns_nothing() -> None:
    content = encoded(Image.fromarray(TALL), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    assert decode(content).size == (2, 3)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
def test_each_format_is_read_and_named(format_: str) -> None:
    content = encoded(Image.new("RGB", (5, 4), (200, 10, 10)), format_)
    assert decode(content).size == (5, 4)
    assert format_of(content) == format_


def test_a_jpeg_is_decoded_at_full_size(shared_data: Callable[[str], Path]) -> None:
    path = sorted(shared_data("coco/images/val2017").glob("*.jpg"))[0]
    with Image.open(path) as picture:
        whole = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(np.asarray(decode(path.read_bytes())), whole)


def test_real_pictures_decode(shared_data: Callable[[str], Path]) -> None:
    paths = sorted(shared_data("coco/images").rglob("*.jpg"))
    assert len(paths) == 111
    for path in paths[::8]:
        assert min(decode(path.read_bytes()).size) > 0


def a_jpeg() -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    return encoded(Image.fromarray(noise), "JPEG")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "picture of no bytes"),
        (b"<html>404</html>", "picture that cannot be decoded"),
        (a_jpeg()[:600], "picture that is cut off"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "picture that cannot be decoded"),
        (encoded(Image.new("F", (2, 2)), "TIFF"), "picture of pixels that are no whole numbers"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode(content)
    assert str(caught.value) == reason


def test_a_header_that_promises_too_many_pixels_is_refused_unread() -> None:
    content = bytearray(encoded(Image.new("L", (1, 1))))
    content[16:24] = (20_000).to_bytes(4, "big") * 2  # width and height in the header of a PNG
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    with pytest.raises(PictureError, match="picture too large"):
        decode(bytes(content))
