"""The image table: every picture once, under its canonical id, with its group, its split and its size.

Collections overlap (half of Visual Genome is COCO), so each corpus joins through this table and a picture that is held
out under one id is held out under all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data import draws, joins
from data.errors import UserError
from data.listings import Member, Picture, gather, pictures_of
from data.progress import Progress
from data.records import PRETRAINING
from data.rejects import RejectLog
from data.schema import IMAGES, REJECTED, SPLITS
from data.sources import SourceFiles, read, that_give
from data.sources.own_pictures import is_own
from data.writers import write_json, write_parquet

FILE_NAME = "images.parquet"

HeldOutBy = Literal["splits", "publishers"]
"""Which images pre-training must not see: those that are held out here, or those, too, that a benchmark's publisher
has in its validation or test part, whatever split they have here."""


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """How images are split where no list says so: shares of the groups in [0, 1], drawn by a hash with `seed`."""

    validation_rate: float
    test_rate: float
    seed: int
    max_rejected_rate: float = 0.01
    held_out_by: HeldOutBy = "splits"

    def __post_init__(self) -> None:
        if not 0 <= self.validation_rate + self.test_rate < 1:
            raise UserError(
                expected="shares of validation and test images that leave some to train on",
                found=f"{self.validation_rate} and {self.test_rate}",
                where="[ImageTable] validation_rate and test_rate",
                way_out="let them add up to less than 1",
            )


class ImageTable:
    """What is known of every image, by canonical id. A mapping is made when it is first asked for: few are needed."""

    def __init__(self, rows: pa.Table) -> None:
        """`rows` are those of images.parquet."""
        self._rows = rows

    @cached_property
    def image_ids(self) -> tuple[str, ...]:
        """Canonical ids, sorted."""
        return tuple(self._rows["image_id"].to_pylist())

    @cached_property
    def canonical(self) -> Mapping[str, str]:
        """Any id of a picture, the canonical one included, to the canonical one."""
        known = self._rows["known_as"].combine_chunks()
        owners = pc.list_parent_indices(known).to_pylist()
        return {name: self.image_ids[owner] for name, owner in zip(known.flatten().to_pylist(), owners, strict=True)}

    @cached_property
    def split(self) -> Mapping[str, str]:
        """`train`, `validation` or `test`."""
        return self._column("split")

    @cached_property
    def group(self) -> Mapping[str, str]:
        """Images of one group share a split and are never each other's negatives."""
        return self._column("group_id")

    @cached_property
    def pool(self) -> Mapping[str, str]:
        """`pretraining`, or the benchmark that alone lists the image."""
        return self._column("pool")

    @cached_property
    def file_name(self) -> Mapping[str, str | None]:
        """As the publisher names it; None where no format says."""
        return self._column("file_name")

    @cached_property
    def size_px(self) -> Mapping[str, tuple[int, int] | None]:
        """Width, height; None where no format says."""
        sizes = zip(self._rows["width_px"].to_pylist(), self._rows["height_px"].to_pylist(), strict=True)
        return dict(zip(self.image_ids, (None if None in size else size for size in sizes), strict=True))

    @cached_property
    def photo(self) -> Mapping[str, str | None]:
        """The photograph's number on Flickr, equal for images that are the same; None where no format says."""
        return self._column("photo_id")

    def only(self, image_ids: Iterable[str]) -> ImageTable:
        """The table of some of its images."""
        return ImageTable(self._rows.filter(pc.is_in(self._rows["image_id"], pa.array(sorted(image_ids), pa.string()))))

    def listed(self) -> ImageTable:
        """The table of the images that a file lists: without pictures of the user's own."""
        if not any(map(is_own, self.image_ids)):
            return self
        return self.only(image_id for image_id in self.image_ids if not is_own(image_id))

    def _column(self, name: str) -> dict[str, Any]:
        """A column by image id; equal values are one object."""
        column = self._rows[name].combine_chunks().dictionary_encode()
        values = column.dictionary.to_pylist()
        places = column.indices.to_pylist()
        return dict(zip(self.image_ids, (None if place is None else values[place] for place in places), strict=True))


def load(path: Path) -> ImageTable:
    """The table in the folder `path`, as `build` wrote it."""
    return ImageTable(pq.read_table(path / FILE_NAME))


def build(files: SourceFiles, settings: SplitSettings, *, into: Path, progress: Progress) -> None:
    """Write images.parquet, joins.parquet, counts.json and rejected.parquet into the folder `into`.

    A picture listed under several ids or in several files becomes one row. Its split comes from the lists
    `validation_images` and `test_images`, else from its publisher; for any other, a split without a list is drawn.
    Whatever they say, pre-training does not train on a photograph that is held out under another id, nor, where
    `held_out_by` is `publishers`, on an image that the publisher of a benchmark holds out.
    """
    log = RejectLog()
    listed = gather(files, log.add, progress)
    rows = pictures_of(listed.by_id)
    if not rows:
        raise UserError(
            expected=f"at least one image, from one of {', '.join(that_give('images'))}",
            found="none",
            where="[sources] in luigi.cfg",
            way_out="set one of these sources",
        )
    canonical = {name: row.image_id for row in rows for name in row.known_as}
    lists = {name: _listed(files, f"{name}_images", canonical, log) for name in ("validation", "test")}
    num_read = listed.num_read + sum(log.counts.values())
    log.check(num_read=num_read, max_rate=settings.max_rejected_rate, corpus="ImageTable")
    splits = _splits(rows, lists, settings)
    members = joins.of_pictures(rows)
    notes = _notes(rows, lists)
    if settings.held_out_by == "publishers":
        published = _held_out_by_publishers(rows, splits, members)
        notes["images of pre-training held out as a benchmark's publisher has them"] = len(published)
        splits |= published
    twins = _twins_of_held_out(rows, splits)
    notes["images of pre-training held out as a benchmark's photographs"] = len(twins)
    _write(into, rows, {**splits, **twins}, log, num_read, notes=notes)
    joins.write(_with_lists(members, lists), into)
    progress(1.0, f"{len(rows):,} images")


@dataclass(frozen=True, slots=True)
class _SplitList:
    """The canonical ids of one list, and how many of its ids no file of images lists."""

    image_ids: frozenset[str]
    num_unknown: int


def _listed(files: SourceFiles, source: str, canonical: Mapping[str, str], log: RejectLog) -> _SplitList | None:
    """The list of one split; None where the user gives none."""
    if not files.get(source):
        return None
    listed = set(read({source: files[source]}, "image_ids", log.add))
    known = frozenset(canonical[image_id] for image_id in listed if image_id in canonical)
    return _SplitList(known, sum(image_id not in canonical for image_id in listed))


def _splits(rows: Sequence[Picture], lists: Mapping[str, _SplitList | None], settings: SplitSettings) -> dict[str, str]:
    """The split of each group: what a list says of any of its images, else what a publisher says, else as drawn.

    Where one of the first two says several things, the image that is held out most strictly decides.
    """
    listed = {name: given.image_ids if given else frozenset() for name, given in lists.items()}
    both = sorted(listed["validation"] & listed["test"])
    if both:
        raise UserError(
            expected="validation and test images without an image in common",
            found=f"{len(both)} in both, the first {both[0]}",
            where="[sources] validation_images and test_images",
            way_out="take them out of one of the two lists",
        )
    splits = _drawn({row.group_id for row in rows}, lists, settings)
    for name in SPLITS:
        splits.update({row.group_id: name for row in rows if row.split == name})
    for name in ("validation", "test"):
        splits.update({row.group_id: name for row in rows if row.image_id in listed[name]})
    return splits


def _drawn(groups: set[str], lists: Mapping[str, _SplitList | None], settings: SplitSettings) -> dict[str, str]:
    """Splits by a hash of the group's id; nothing is drawn for a split that has a list."""
    names = sorted(groups)
    test_rate = settings.test_rate if lists["test"] is None else 0.0
    validation_rate = settings.validation_rate if lists["validation"] is None else 0.0
    shares = draws.uniform(settings.seed, 0, draws.row_keys(names), "split")[:, 0]
    held_out = {True: "test", False: "validation"}
    return {
        name: held_out[share < test_rate] if share < test_rate + validation_rate else "train"
        for name, share in zip(names, shares.tolist(), strict=True)
    }


def _twins_of_held_out(rows: Sequence[Picture], splits: Mapping[str, str]) -> dict[str, str]:
    """`validation` for groups of pre-training whose photograph is held out under another id (Flickr30k's in COCO).

    They must not be trained on; nothing is added to the test rows of anyone, which are those that others report.
    """
    held_out = {row.photo_id for row in rows if row.photo_id and splits[row.group_id] != "train"}
    return {
        row.group_id: "validation"
        for row in rows
        if row.pool == PRETRAINING and row.photo_id in held_out and splits[row.group_id] == "train"
    }


def _held_out_by_publishers(
    rows: Sequence[Picture], splits: Mapping[str, str], members: Mapping[str, Sequence[Member]]
) -> dict[str, str]:
    """`validation` for groups of pre-training with an image that a benchmark's publisher has for validation or test.

    Those that a list or a draw holds out already stay where they are.
    """
    benchmarks = joins.benchmarks_of_sources()
    return {
        row.group_id: "validation"
        for row in rows
        if row.pool == PRETRAINING and splits[row.group_id] == "train"
        if any(member.collection in benchmarks and member.split in SPLITS[1:] for member in members[row.image_id])
    }


def _with_lists(
    members: Mapping[str, tuple[Member, ...]], lists: Mapping[str, _SplitList | None]
) -> dict[str, tuple[Member, ...]]:
    """The memberships, those of the user's lists after the others."""
    found = dict(members)
    for split, given in lists.items():
        for image_id in given.image_ids if given else ():
            found[image_id] = (*found[image_id], Member(joins.LISTS, image_id, "", split))
    return {image_id: tuple(sorted(its)) for image_id, its in found.items()}


def _notes(rows: Sequence[Picture], lists: Mapping[str, _SplitList | None]) -> dict[str, int]:
    notes = {"pictures known under several ids": sum(len(row.known_as) > 1 for row in rows)}
    notes.update({f"images of the pool {name}": n for name, n in Counter(row.pool for row in rows).items()})
    for name, given in lists.items():
        if given is not None:
            notes[f"ids of the {name} list that are no known image"] = given.num_unknown
    return notes


def _write(
    into: Path, rows: Sequence[Picture], splits: Mapping[str, str], log: RejectLog, num_read: int, notes: dict[str, int]
) -> None:
    split_of_rows = [splits[row.group_id] for row in rows]
    columns = {
        "image_id": [row.image_id for row in rows],
        "known_as": [row.known_as for row in rows],
        "group_id": [row.group_id for row in rows],
        "split": split_of_rows,
        "pool": [row.pool for row in rows],
        "file_name": [row.file_name for row in rows],
        "width_px": [row.size_px and row.size_px[0] for row in rows],
        "height_px": [row.size_px and row.size_px[1] for row in rows],
        "photo_id": [row.photo_id for row in rows],
    }
    counts = {split: split_of_rows.count(split) for split in SPLITS}
    write_parquet(into / FILE_NAME, pa.table(columns, schema=IMAGES), IMAGES)
    write_parquet(into / "rejected.parquet", log.table(), REJECTED)
    write_json(
        into / "counts.json",
        {"rows": counts, "images": counts, "read": num_read, "rejected": dict(log.counts), "notes": notes},
    )
