"""The contract of the store of pictures: kept pictures are read back as training will read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import images as image_table
from data.contracts.rules import check_parts, hold
from data.images import ImageTable
from data.pictures.decoding import FORMATS
from data.pictures.store import TABLE, Keep, PictureStore, schema_of

_DIGEST_LENGTH = 64


def check(folder: Path, *, images: Path, keep: Keep) -> None:
    """Ids sorted, unique and in the image table; sizes above 0; no path that leads out of its folder.

    Pictures that are kept are read at their places in the file, have their digest, and are what Parquet's reader reads.
    """
    store = PictureStore.open(folder) if keep == "bytes" else None
    rules = _PictureRules(images=image_table.load(images), store=store)
    check_parts(folder / TABLE, schema_of(keep), rules)


@dataclass(kw_only=True)
class _PictureRules:
    """The rules of the table, and what they need to know of the rows before."""

    images: ImageTable
    store: PictureStore | None
    path: Path = Path()
    """The part that is being checked."""
    last: str = ""

    def check(self, row: dict[str, Any]) -> None:
        """Raise ContractError at the first rule that a row breaks."""
        image_id, path = row["image_id"], Path(row["path"])
        hold(image_id > self.last, self.path, "image ids sorted, none twice", [image_id])
        self.last = image_id
        hold(image_id in self.images.split, self.path, "an image of the image table", [image_id], image_id)
        sizes = (row["width_px"], row["height_px"], row["num_bytes"])
        hold(min(sizes) > 0, self.path, "width, height and bytes above 0", [image_id], str(sizes))
        hold(row["format"] in FORMATS, self.path, f"a format of {', '.join(FORMATS)}", [image_id], row["format"])
        hold(len(row["sha256"]) == _DIGEST_LENGTH, self.path, "a SHA-256", [image_id], row["sha256"])
        is_below = row["folder"] >= 0 and not path.is_absolute() and ".." not in path.parts
        hold(is_below, self.path, "a path below a folder of its source", [image_id], str(path))
        if self.store is not None:
            same = self.store.read(self.store.row_of[image_id]) == row["encoded"]
            hold(same, self.path, "a picture that is the same at its place in the file", [image_id])
