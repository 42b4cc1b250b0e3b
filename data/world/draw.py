"""Scenes as pictures: textured backgrounds and outlined sprites, drawn large and scaled down, saved as JPEG or PNG.

Legend: H and W height and width in pixels, C the three colour channels.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from data.world.kinds import COLOURS, MATERIALS, THEMES, Colour
from data.world.scenes import SIDE_PX, Scene, Thing, generator
from data.world.sprites import SPRITES, Shape, extent

JPEG_QUALITY = 95
_OVERSAMPLING = 4
_OUTLINE: Colour = (28, 26, 32)
_PAINTS: dict[str, Colour] = {"dark": (58, 50, 52), "light": (236, 232, 214), "stem": (64, 120, 56)}


def jpeg(scene: Scene, seed: int) -> bytes:
    """The picture of a scene as a JPEG file."""
    buffer = io.BytesIO()
    draw(scene, seed).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def png(scene: Scene, seed: int) -> bytes:
    """The picture of a scene as a PNG file."""
    buffer = io.BytesIO()
    draw(scene, seed).save(buffer, "PNG")
    return buffer.getvalue()


def draw(scene: Scene, seed: int) -> Image.Image:
    """The picture of a scene, 112 x 112 pixels, RGB."""
    random = generator(seed, scene.number, "picture")
    picture = Image.fromarray(_background(scene, random))
    for thing in scene.things:
        sprite = _sprite(thing, random)
        picture.paste(sprite, thing.box[:2], sprite)
    return picture


def _background(scene: Scene, random: np.random.Generator) -> NDArray[np.uint8]:
    theme = THEMES[scene.theme]
    upper_HWC = _texture(theme.upper, random)
    lower_HWC = _texture(theme.lower, random)
    is_lower_H11 = (np.arange(SIDE_PX) >= scene.horizon_px)[:, None, None]
    return np.asarray(np.where(is_lower_H11, lower_HWC, upper_HWC))


def _texture(material: str, random: np.random.Generator) -> NDArray[np.uint8]:
    """A material's colour with its grain: blades, waves, bricks, lane marks, weave, or plain noise."""
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    x = x + int(random.integers(0, 16))
    noise_HW = random.integers(-7, 8, (SIDE_PX, SIDE_PX))
    grain_HW = {
        "carpet": 14 * ((x // 4 + y // 4) % 2) - 7,
        "grass": np.repeat(random.integers(-18, 19, (SIDE_PX // 4, SIDE_PX)), 4, axis=0),
        "road": 90 * ((abs(y - 84) < 2) & (x % 16 < 8)),
        "sand": random.integers(-14, 15, (SIDE_PX, SIDE_PX)),
        "sky": (y - 28) // 3,
        "snow": -18 * ((x // 3 + y // 5) % 7 == 0),
        "wall": -34 * ((y % 8 == 0) | ((x + 8 * (y // 8 % 2)) % 16 == 0)),
        "water": 26 * ((y + abs(x % 16 - 8) // 3) % 7 == 0) - 6,
    }[material]
    tint_C = np.asarray(MATERIALS[material].rgb) + random.integers(-8, 9, 3)
    return np.asarray(np.clip(tint_C + (grain_HW + noise_HW)[..., None], 0, 255), dtype=np.uint8)


def _sprite(thing: Thing, random: np.random.Generator) -> Image.Image:
    """A thing alone on a transparent ground, exactly as large as its box."""
    x1, y1, x2, y2 = extent(thing.kind)
    width_px, height_px = thing.box[2] - thing.box[0], thing.box[3] - thing.box[1]
    side = round(_OVERSAMPLING * max(width_px / (x2 - x1), height_px / (y2 - y1)))
    paints = {name: Image.new("RGB", (side, side), rgb) for name, rgb in _PAINTS.items()}
    paints["body"] = _body_paint(thing, side, random)
    canvas = Image.new("RGBA", (side, side), (*_OUTLINE, 0))
    for shape in SPRITES[thing.kind]:
        _draw_shape(canvas, shape, paints[shape.paint])
    cut = (x1 * side, y1 * side, x2 * side, y2 * side)
    return canvas.resize((width_px, height_px), Image.Resampling.BOX, box=cut)


def _body_paint(thing: Thing, side: int, random: np.random.Generator) -> Image.Image:
    """The thing's colour, a little different each time, with its pattern in a darker tone."""
    rgb_C = np.asarray(COLOURS[thing.colour]) + random.integers(-12, 13, 3)
    y_HW, x_HW = np.mgrid[0:side, 0:side] * 24 // side  # 24 units to a sprite, whatever its size
    marks_HW = {
        "plain": np.zeros_like(x_HW, dtype=bool),
        "striped": (x_HW + y_HW) % 6 < 2,
        "spotted": (x_HW % 5 < 2) & (y_HW % 5 < 2),
    }[thing.pattern]
    body_HWC = np.where(marks_HW[..., None], rgb_C * 2 // 5, rgb_C)
    return Image.fromarray(np.clip(body_HWC, 0, 255).astype(np.uint8))


def _draw_shape(canvas: Image.Image, shape: Shape, paint: Image.Image) -> None:
    side = canvas.width
    points = [round(p * (side - 1)) for p in shape.points]
    stroke = max(side // 24, 2)
    mask = Image.new("L", canvas.size, 0)
    pen, outline = ImageDraw.Draw(mask), ImageDraw.Draw(canvas)
    if shape.form == "line":
        pen.line(points, fill=255, width=2 * stroke, joint="curve")
    elif shape.form == "ring":
        pen.ellipse(points, outline=255, width=2 * stroke)
    elif shape.form == "ellipse":
        pen.ellipse(points, fill=255)
    else:
        pen.polygon(points, fill=255)
    canvas.paste(paint, (0, 0), mask)
    if shape.form == "ellipse":
        outline.ellipse(points, outline=_OUTLINE, width=stroke)
    elif shape.form == "polygon":
        outline.line([*points, *points[:2]], fill=_OUTLINE, width=stroke)
