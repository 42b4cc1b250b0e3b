"""Pictures in the user's folders: finding them by name or by id, and opening what may be broken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from data.images import ImageTable
from data.records import Source
from data.sources import SourceFiles, all_sources
from data.sources.files import files_in
from data.sources.own_pictures import is_own

MAX_PIXELS = 100_000_000
SHAPE_TOLERANCE = 0.02  # how far width : height may be from the listed one; resized copies are welcome
_SUFFIXES = (".jpg", ".png")
# Half of Visual Genome is COCO, so the two may lie together (COCO's names have twelve digits or a prefix, so none is
# taken for another); GQA ships Visual Genome's pictures and its own in one folder.
_FOLDERS = {"vg": ("vg_images", "coco_images"), "gqa": ("vg_images", "coco_images")}


_NO_IMAGE = ""  # what a name means that two images have


class PictureError(Exception):
    """A picture that cannot be used; its text is the reason, a short fixed phrase."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a picture lies: the source, the number of the folder that the user gives there, and the file."""

    source: str
    folder: int
    path: Path


def find(files: SourceFiles, table: ImageTable) -> dict[str, Path]:
    """The picture of each image of the table that has one, by canonical id; as `find_places`."""
    return {image_id: place.path for image_id, place in find_places(files, table).items()}


def find_places(files: SourceFiles, table: ImageTable) -> dict[str, Place]:
    """The place of the picture of each image of the table that has one; the first in sorted order wins.

    A picture lies anywhere below a folder of one of its image's collections, since Flickr30k and Visual Genome may have
    the same number; it is called as the table says, by name or by its place below the folder, or by its number
    (`2375429.jpg`, `dev-850-0-img0.png`). A name that two images of a collection have means neither.
    """
    found: dict[str, Place] = {}
    for source, image_of in _names(table).items():
        for number, folder in enumerate(files.get(source, ())):
            for path in files_in(folder, source):
                image_id = image_of.get(path.name) or image_of.get(path.relative_to(folder).as_posix(), _NO_IMAGE)
                if image_id != _NO_IMAGE:
                    found.setdefault(image_id, Place(source=source, folder=number, path=path))
    return found


def open_picture(path: Path, size_px: tuple[int, int] | None) -> Image.Image:
    """The picture in RGB, decoded. `size_px` is its listed width and height, None where it is not listed.

    Raises PictureError where it is broken, huge, or not shaped as it was listed.
    """
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise PictureError("picture too large")
            width_px, height_px = size_px or (width, height)
            if abs(width * height_px - height * width_px) > SHAPE_TOLERANCE * width * height_px:
                raise PictureError("picture of another shape than listed")
            return picture.convert("RGB")
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:  # PIL has no one error
        raise PictureError("picture that cannot be decoded") from error


def _names(table: ImageTable) -> Mapping[str, Mapping[str, str]]:
    """For each folder of pictures, the file names that mean an image there."""
    names: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for known_as, image_id in table.canonical.items():
        if is_own(known_as):  # found by its own source, whatever else bears that name
            continue
        collection, _, number = known_as.partition(":")
        stem = number.zfill(12) if collection == "coco" else number
        own_names = [table.file_name[image_id], *(f"{stem}{suffix}" for suffix in _SUFFIXES)]
        for source in _FOLDERS.get(collection, (_folder_of(collection),)):
            for name in own_names:
                if name and names[source].setdefault(name, image_id) != image_id:
                    names[source][name] = _NO_IMAGE
    return {source.name: names[source.name] for source in all_sources().values() if _is_listed(source)}


def _is_listed(source: Source) -> bool:
    """Whether it is a folder of pictures that other files list."""
    return bool(source.is_folder) and source.pictures is None


def _folder_of(collection: str) -> str:
    """The source of the pictures of a collection; those that only the user knows have one together."""
    known = all_sources()
    if collection in known and known[collection].is_folder:
        return collection  # one whose pictures are its list
    own = f"{collection}_images"
    return own if own in known else "collection_images"
