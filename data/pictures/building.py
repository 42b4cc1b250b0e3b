"""The store of pictures: each picture in the user's folders is decoded once, and kept as it is or noted where it lies.

A picture that cannot be used is rejected with its reason; an image without a picture is only counted, since a corpus of
texts may know far more images than there are pictures here.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from data import shards
from data.errors import UserError
from data.images import ImageTable, load
from data.pictures.checking import Checked, check, read
from data.pictures.store import TABLE, Keep, schema_of
from data.progress import Progress
from data.records import Rejection
from data.regions.counts import write_counts
from data.regions.pictures import PictureError, find_places
from data.rejects import RejectLog
from data.shards import Finished, PartFiles, Workplace
from data.sources import SourceFiles, all_sources
from data.tables import SUFFIX
from data.writers import write_parquet, write_with_blobs

PICTURES_PER_GROUP = 32
"""So many lie in a page of the table; each is at most 32 MiB, and a page 2 GiB."""


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """`max_side_px`: pictures with a longer side are made as small as that, once, before they are kept."""

    images_per_shard: int
    keep: Keep = "bytes"
    max_side_px: int | None = None
    max_rejected_rate: float = 0.05

    def __post_init__(self) -> None:
        if self.keep == "files" and self.max_side_px is not None:
            raise UserError(
                expected="pictures that are made smaller to be kept",
                found=f"keep = files and max_side_px = {self.max_side_px}",
                where="[PictureStore] in luigi.cfg",
                way_out="set keep = bytes, or leave max_side_px out: your files are never changed",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    """A picture to be looked at, in a file of its own or inside one.

    `folder` is the number of what the user gives for the source, `name` its path below that or what it is called there;
    `size_px` its listed width and height, None where it is not listed.
    """

    image_id: str
    source: str
    folder: int
    name: str
    size_px: tuple[int, int] | None
    fetch: Callable[[], bytes | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shard:
    """Pictures of consecutive images, and the file that their rows are written into."""

    path: Path
    candidates: Sequence[_Candidate]


def check_can_stay(keep: Keep, names: Iterable[str]) -> None:
    """Raise UserError where pictures are to stay where they are, and these sources have some inside other files."""
    inside = [name for name in names if all_sources()[name].pictures and not all_sources()[name].is_folder]
    if keep == "files" and inside:
        raise UserError(
            expected="pictures that are files of their own, to stay where they are",
            found=f"pictures inside other files: [sources] {', '.join(inside)}",
            where="[PictureStore] keep in luigi.cfg",
            way_out="set keep = bytes, or unpack them and name the folder: [sources] image_folders",
        )


def build(
    files: SourceFiles, *, images: Path, settings: StoreSettings, into: Path, progress: Progress, workplace: Workplace
) -> None:
    """Write pictures/, counts.json and rejected.parquet into the folder `into`.

    A row for every image of the table `images` whose picture lies anywhere below a folder of pictures, or in a file of
    the user's own, and can be used.
    """
    table = load(images)
    candidates = _candidates(files, table)
    if not candidates:
        raise _no_pictures()
    shelf = PartFiles(workplace=workplace, name=TABLE, suffix=SUFFIX)
    ranges = shards.ranges(len(candidates), settings.images_per_shard)
    items = {
        name: _Shard(path=shelf.path(name), candidates=candidates[rows.start : rows.stop])
        for name, rows in ranges.items()
    }
    work = partial(_write, keep=settings.keep, max_side_px=settings.max_side_px)
    finished = shards.build("pictures", items, work, shelf=shelf, workplace=workplace, progress=progress)
    log = RejectLog()
    totals: Counter[str] = Counter()
    for shard in finished.values():
        for each in shard.summary["rejected"]:
            log.add(Rejection(**each))
        totals.update(shard.summary["totals"])
    log.check(num_read=len(candidates), max_rate=settings.max_rejected_rate, corpus="PictureStore")
    shards.publish({"pictures": (shelf, finished)}, into)
    rejected = {each["record"] for shard in finished.values() for each in shard.summary["rejected"]}
    kept = [each.image_id for each in candidates if each.image_id not in rejected]
    if not kept:
        raise _no_pictures()
    notes = {"images without a picture": len(table.image_ids) - len(candidates), **totals}
    write_counts(into, kept, table, log, num_read=len(candidates), notes=notes)


def _candidates(files: SourceFiles, table: ImageTable) -> list[_Candidate]:
    """The pictures that are there, by image id."""
    found = {candidate.image_id: candidate for candidate in (*_own(files, table), *_listed(files, table))}
    return [found[image_id] for image_id in table.image_ids if image_id in found]


def _listed(files: SourceFiles, table: ImageTable) -> Iterator[_Candidate]:
    """Pictures in folders, under the names that other files list."""
    for image_id, place in find_places(files, table).items():
        yield _Candidate(
            image_id=image_id,
            source=place.source,
            folder=place.folder,
            name=place.path.relative_to(files[place.source][place.folder]).as_posix(),
            size_px=table.size_px[image_id],
            fetch=partial(read, place.path),
        )


def _own(files: SourceFiles, table: ImageTable) -> Iterator[_Candidate]:
    """Pictures that no file lists, the first of each name; the image table has rejected the others."""
    taken: set[str] = set()
    readers = {name: source.pictures for name, source in all_sources().items() if source.pictures is not None}
    for name, reader in readers.items():
        for number, path in enumerate(files.get(name, ())):
            for found in reader.located(path, _ignore):
                if found.image_id in table.split and found.image_id not in taken:
                    taken.add(found.image_id)
                    yield _Candidate(
                        image_id=found.image_id,
                        source=name,
                        folder=number,
                        name=found.name,
                        size_px=None,
                        fetch=partial(reader.read, path, found.place),
                    )


def _ignore(rejection: Rejection) -> None:
    """The image table counts names that cannot be."""


def _write(shard: _Shard, *, keep: Keep, max_side_px: int | None) -> Finished:
    """Look at the pictures of a shard and write the rows of those that can be used."""
    tally = _Tally()
    rows = tally.rows(shard.candidates, keep=keep, max_side_px=max_side_px)
    schema = schema_of(keep)

    def write(path: Path) -> None:
        if keep == "bytes":
            write_with_blobs(path, _groups(rows, schema), schema, blobs="encoded")
        else:
            write_parquet(path, pa.Table.from_pylist(list(rows), schema=schema), schema)

    digest = shards.write_part(shard.path, write)
    return Finished(digest=digest, summary={"rejected": tally.rejected, "totals": dict(tally.totals)})


def _groups(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows, a few at a time: so many encoded pictures are in memory."""
    waiting = iter(rows)
    while group := list(itertools.islice(waiting, PICTURES_PER_GROUP)):
        yield pa.Table.from_pylist(group, schema=schema)


class _Tally:
    """The rows of a shard, and what is to be told of it once they are all written."""

    def __init__(self) -> None:
        self.rejected: list[dict[str, str]] = []
        self.totals: Counter[str] = Counter({"bytes of the pictures": 0})

    def rows(
        self, candidates: Sequence[_Candidate], *, keep: Keep, max_side_px: int | None
    ) -> Iterator[dict[str, Any]]:
        """The row of each picture that can be used."""
        for candidate in candidates:
            try:
                encoded = candidate.fetch()
                if encoded is None:
                    raise PictureError("no picture there")
                checked = check(encoded, candidate.size_px, max_side_px=max_side_px)
            except PictureError as error:
                self._reject(candidate, str(error))
                continue
            self.totals["bytes of the pictures"] += len(checked.encoded)
            if checked.is_smaller:
                self.totals["pictures made smaller"] += 1
            yield _row(candidate, checked, keep=keep)

    def _reject(self, candidate: _Candidate, reason: str) -> None:
        record, name = candidate.image_id, candidate.name
        self.rejected.append({"source": candidate.source, "record": record, "field": name, "reason": reason})


def _row(candidate: _Candidate, checked: Checked, *, keep: Keep) -> dict[str, Any]:
    width_px, height_px = checked.size_px
    return {
        "image_id": candidate.image_id,
        "width_px": width_px,
        "height_px": height_px,
        "format": checked.format,
        "num_bytes": len(checked.encoded),
        "sha256": hashlib.sha256(checked.encoded).hexdigest(),
        "source": candidate.source,
        "folder": candidate.folder,
        "path": candidate.name,
        **({"encoded": checked.encoded} if keep == "bytes" else {}),
    }


def _no_pictures() -> UserError:
    return UserError(
        expected="pictures: of the images that other sources list, under their file names or numbers, or of your own",
        found="none that can be used",
        where="the folders of pictures under [sources] in luigi.cfg, such as coco_images or image_folders",
        way_out="correct the folders",
    )
