"""Classes of the generated world's images: the colour of the thing that is plainly the largest in each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.world.plan import PlannedImage
from data.world.scenes import Scene, Thing, make_scene

_PLAINLY = 1.25  # times the area of the next one of another colour


def colour_of_largest(scene: Scene) -> str | None:
    """Its colour; None where nothing is plainly the largest."""
    first, *others = sorted(scene.things, key=_area, reverse=True)
    rivals = [thing for thing in others if thing.colour != first.colour]
    return None if any(_PLAINLY * _area(thing) > _area(first) for thing in rivals) else first.colour


def write_classes(images: Sequence[PlannedImage], seed: int, *, path: Path) -> None:
    """A line for each image that has a class, called as its file is."""
    named = ((image.name, colour_of_largest(make_scene(seed, image.number))) for image in images)
    path.write_bytes("".join(f"{name}\t{colour}\n" for name, colour in named if colour is not None).encode())


def _area(thing: Thing) -> int:
    x1, y1, x2, y2 = thing.box
    return (x2 - x1) * (y2 - y1)
