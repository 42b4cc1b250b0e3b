"""The contract of the image table."""

from __future__ import annotations

from pathlib import Path

from data.contracts.rules import hold, row_groups
from data.images import FILE_NAME
from data.schema import IMAGES, SPLITS


def check(folder: Path) -> None:
    """Ids are sorted and unique, no id means two pictures, no group straddles two splits, sizes are possible."""
    path = folder / FILE_NAME
    split_of: dict[str, str] = {}
    canonical: dict[str, str] = {}
    last = ""
    for rows in row_groups(path, IMAGES):
        for row in rows:
            image_id = row["image_id"]
            hold(image_id > last, path, "image ids sorted, none twice", [image_id])
            hold(row["split"] in SPLITS, path, f"a split of {', '.join(SPLITS)}", [image_id], row["split"])
            straddled = split_of.setdefault(row["group_id"], row["split"])
            hold(straddled == row["split"], path, f"the group {row['group_id']} in one split", [image_id])
            hold(image_id in row["known_as"], path, "known_as to hold the image's own id", [image_id])
            hold(bool(row["pool"]), path, "the name of a pool", [image_id])
            size_px = (row["width_px"], row["height_px"])
            possible = size_px == (None, None) if None in size_px else min(size_px) > 0
            hold(possible, path, "width and height above 0, or neither", [image_id], str(size_px))
            for name in row["known_as"]:
                hold(canonical.setdefault(name, image_id) == image_id, path, "each id to mean one image", [name])
            last = image_id
