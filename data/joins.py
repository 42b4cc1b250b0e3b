"""In which collections each picture is, under which id, in which part, and how that is known: `joins.parquet`.

Half of Visual Genome is COCO, GQA and VQA ask about both, and Flickr30k and COCO took some of the same photographs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.listings import Member, Picture
from data.records import PRETRAINING
from data.schema import JOINS
from data.sources import all_sources
from data.writers import write_parquet

FILE_NAME = "joins.parquet"
LISTS = "lists"
"""The collection of the images that the user's lists of validation and test images name."""


def benchmarks_of_sources() -> frozenset[str]:
    """The collections that are benchmarks: every pool but that of pre-training."""
    return frozenset(source.pool for source in all_sources().values()) - {PRETRAINING}


def of_pictures(rows: Sequence[Picture]) -> dict[str, tuple[Member, ...]]:
    """The memberships of each picture by its canonical id, in order; those of the same photograph are its own too."""
    by_photo: defaultdict[str, list[Picture]] = defaultdict(list)
    for row in rows:
        if row.photo_id:
            by_photo[row.photo_id].append(row)
    return {row.image_id: tuple(sorted({*row.members, *_of_twins(row, by_photo)})) for row in rows}


def write(members: Mapping[str, Iterable[Member]], into: Path) -> None:
    """Write joins.parquet into the folder `into`."""
    found = [(image_id, member) for image_id in sorted(members) for member in members[image_id]]
    columns = {
        "image_id": [image_id for image_id, _ in found],
        "collection": [member.collection for _, member in found],
        "own_id": [member.own_id for _, member in found],
        "part": [member.part or None for _, member in found],
        "split": [member.split or None for _, member in found],
        "known_by": [member.known_by for _, member in found],
    }
    write_parquet(into / FILE_NAME, pa.table(columns, schema=JOINS), JOINS)


def load(folder: Path) -> pa.Table:
    """The table in `folder`."""
    return pq.read_table(folder / FILE_NAME)


def _of_twins(row: Picture, by_photo: Mapping[str, list[Picture]]) -> Iterator[Member]:
    for twin in by_photo.get(row.photo_id or "", ()):
        if twin.image_id != row.image_id:
            yield from (member._replace(known_by="photograph") for member in twin.members)
