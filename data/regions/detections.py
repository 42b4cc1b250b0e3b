"""Region features as a detector's files give them, in the region store: exactly 36 regions an image.

The files are read twice: first to know which images there will be and where their regions lie (places.py), a shard a
file; then each shard of the store fetches its own (filling.py). Memory does not grow with them. Features are looked at
in the second reading alone: where some are bad, the store is laid out and filled again without their records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data import shards
from data.errors import SourceError, UserError
from data.images import load
from data.progress import Progress
from data.records import Rejection
from data.regions.counts import write_counts
from data.regions.detected import Labels
from data.regions.filling import Fill, Rows
from data.regions.places import Found, Given, PlaceOfFile, Search, find, given_files
from data.regions.store import lay_out_store, write_vocabularies
from data.rejects import RejectLog
from data.row_ranges import RowRanges
from data.schema import NUM_REGIONS
from data.shards import Finished, Ledger, Workplace
from data.sources import SourceFiles, all_sources, only_file, that_give


@dataclass(frozen=True, kw_only=True)
class DetectionSettings:
    """`max_rejected_rate` in [0, 1]: the share of images that may be left out before it is an error."""

    images_per_shard: int
    max_rejected_rate: float = 0.05


def build(
    files: SourceFiles,
    *,
    images: Path,
    settings: DetectionSettings,
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write regions.h5 with its vocabularies, counts.json and rejected.parquet into the folder `into`.

    An image with more than 36 regions keeps the 36 of highest object confidence, highest first; with fewer it is
    rejected, as is one that is not in the table `images` or has a value out of range. The first of several rows of one
    image wins.
    """
    names = {
        "object_names": _labels(files, "object_vocabulary"),
        "attribute_names": _labels(files, "attribute_vocabulary"),
    }
    labels = Labels(
        object_id_of={name: number for number, name in enumerate(names["object_names"])},
        num_attributes=len(names["attribute_names"]),
    )
    job = _Job(
        given=tuple(given_files(files)),
        images=images,
        labels=labels,
        settings=settings,
        workplace=workplace,
        progress=progress,
    )
    store, log = job.store()
    shards.publish({"regions": (store.shelf, store.filled)}, into)
    write_vocabularies(into, **names)
    num_read = len(store.image_ids) + sum(log.counts.values())
    notes = {"regions an image": NUM_REGIONS}
    write_counts(into, store.image_ids, load(images), log, num_read=num_read, notes=notes)


@dataclass(frozen=True, kw_only=True)
class _Store:
    """A store that is filled, but for the rows whose places are in the summary of their shard."""

    image_ids: Sequence[str]
    shelf: RowRanges
    filled: Mapping[str, Finished]

    @property
    def unusable(self) -> list[PlaceOfFile]:
        """The places of the records whose features are bad."""
        return [(number, place) for shard in self.filled.values() for number, place in shard.summary or ()]


@dataclass(frozen=True, kw_only=True)
class _Job:
    """What the store is made from, and where."""

    given: tuple[Given, ...]
    images: Path
    labels: Labels
    settings: DetectionSettings
    workplace: Workplace
    progress: Progress

    def store(self) -> tuple[_Store, RejectLog]:
        """The store of all images with good features, and what was rejected.

        Which features are bad is noted across kills, reading by reading.
        """
        readings = Ledger(self.workplace.scratch / "unusable.ledger")
        while True:
            bad = [(number, place) for reading in readings.finished.values() for number, place in reading.summary]
            log = RejectLog()
            store = self._filled(self._found(frozenset(bad), log, reading=len(readings.finished)))
            if not store.unusable:
                return store, log
            self._hold_new(store.unusable, bad)
            readings.add(f"reading {len(readings.finished)}", Finished(digest="", summary=store.unusable))
            self.progress(0.0, f"{len(store.unusable):,} records have bad features: the store is filled without them")

    def _found(self, bad: frozenset[PlaceOfFile], log: RejectLog, *, reading: int) -> Mapping[str, Found]:
        """The first usable record of each image."""
        found = find(
            self.given,
            Search(images=self.images, labels=self.labels, checked=bad),
            log,
            group=f"lines-{reading}" if reading else "lines",
            workplace=self.workplace,
            progress=lambda share, message: self.progress(share / 2, message),
        )
        num_read = len(found) + sum(log.counts.values())
        log.check(num_read=num_read, max_rate=self.settings.max_rejected_rate, corpus="RegionFeatures")
        if not found:
            raise _nothing_to_read()
        return found

    def _filled(self, found: Mapping[str, Found]) -> _Store:
        """The store of these images."""
        image_ids = sorted(found)
        ranges = shards.ranges(len(image_ids), self.settings.images_per_shard)
        shelf = RowRanges(
            workplace=self.workplace, file=lay_out_store(self.workplace.scratch, image_ids), ranges=ranges
        )
        items = {
            name: Rows(rows=rows, found=tuple(found[image_id] for image_id in image_ids[rows.start : rows.stop]))
            for name, rows in ranges.items()
        }
        filled = shards.build(
            "regions",
            items,
            Fill(file=shelf.file, given=self.given, labels=self.labels),
            shelf=shelf,
            workplace=self.workplace,
            progress=lambda share, message: self.progress((1 + share) / 2, message),
        )
        return _Store(image_ids=image_ids, shelf=shelf, filled=filled)

    def _hold_new(self, unusable: Sequence[PlaceOfFile], known: Sequence[PlaceOfFile]) -> None:
        """Raise SourceError where features are bad that a reading has seen to be good."""
        for number, place in set(known).intersection(unusable):
            raise SourceError(
                expected="the same features in every reading",
                found="good ones in one, and bad ones in the next",
                where=f"{self.given[number].path}, {place}",
                way_out="leave the files alone while they are read, and give the command again",
            )


def _labels(files: SourceFiles, source: str) -> list[str]:
    return list(all_sources()[source].reads["labels"](only_file(files, source), _no_rejects))


def _no_rejects(rejection: Rejection) -> None:
    raise AssertionError(f"a list of labels rejects nothing: {rejection}")


def _nothing_to_read() -> UserError:
    return UserError(
        expected="at least one image with regions in the detector's files",
        found="none",
        where=f"[sources] {', '.join(that_give('regions'))} in luigi.cfg",
        way_out="set one to the detector's files of the images that the annotations list",
    )
