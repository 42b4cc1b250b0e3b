"""Pictures for the page: found by their names, made small, and written into the page itself.

A picture that is not there or cannot be used is no error: its place is then an empty frame of its shape.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from data import images as image_table
from data.errors import SourceError
from data.images import ImageTable
from data.regions.pictures import PictureError, find, open_picture
from data.regions.store import RegionStore
from report.inputs import ReportInputs

WIDTH_PX = 220
_QUALITY = 72
_NO_SHAPE = (4, 3)  # of the frame of an image whose size nobody knows

Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image as the page shows it: its shape in px at the page's width, and its bytes (None: not to be had)."""

    image_id: str
    height_px: int
    address: str | None
    width_px: int = WIDTH_PX


def pictures(image_ids: Iterable[str], inputs: ReportInputs, store: RegionStore | None) -> dict[str, Picture]:
    """A picture, with or without its bytes, for each image id."""
    table = _table(inputs.images)
    wanted = sorted(set(image_ids))
    paths = _find(wanted, table, inputs)
    return {image_id: _picture(image_id, paths.get(image_id), _size(image_id, store, table)) for image_id in wanted}


def _table(folder: Path | None) -> ImageTable | None:
    has_table = folder is not None and (folder / image_table.FILE_NAME).is_file()
    return image_table.load(folder) if folder is not None and has_table else None


def _find(wanted: Iterable[str], table: ImageTable | None, inputs: ReportInputs) -> Mapping[str, Path]:
    """Where the pictures of these images lie, as far as a folder can be read and holds them."""
    if table is None:
        return {}
    try:
        return find(inputs.pictures, table.only(wanted))
    except SourceError:
        return {}


def _size(image_id: str, store: RegionStore | None, table: ImageTable | None) -> Size | None:
    """Width and height in px: those on which the boxes were measured, else those that are listed."""
    if store is not None and image_id in store.row_of:
        height_px, width_px = store.sizes_N2[store.row_of[image_id]].tolist()
        return (width_px, height_px)
    return table.size_px.get(image_id) if table else None


def _picture(image_id: str, path: Path | None, size_px: Size | None) -> Picture:
    width_px, height_px = size_px if size_px and min(size_px) > 0 else _NO_SHAPE
    address = None
    if path is not None:
        try:
            picture = open_picture(path, size_px)
        except PictureError:
            pass
        else:
            width_px, height_px = picture.size
            address = _thumbnail(picture)
    return Picture(image_id=image_id, height_px=max(1, round(WIDTH_PX * height_px / width_px)), address=address)


def _thumbnail(picture: Image.Image) -> str:
    """The picture as a small JPEG in a data address."""
    picture.thumbnail((WIDTH_PX, 4 * WIDTH_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
