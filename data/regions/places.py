"""The first reading of a detector's files: which images have usable regions, and where these lie.

Only what is said beside the features is read of most records, which a store is filled from later; features that turn
out to be bad then are looked at here, in another reading.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from data import shards
from data.images import load
from data.progress import Progress
from data.records import Place, RegionReader, RegionRecord, Rejection
from data.regions.detected import Labels, judged
from data.regions.halves import reason_of_features
from data.rejects import RejectLog
from data.shards import Finished, Summaries, Workplace
from data.sources import SourceFiles, all_sources, that_give
from data.sources.fields import RecordError

PlaceOfFile = tuple[int, Place]
"""The number of the file among all that are given, and the place in it."""
_BLOCK = 64  # records that are checked at once
_LISTED_BEFORE = RecordError("img_id", "image listed before")
_NOT_IN_TABLE = RecordError("img_id", "image not in the image table")


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """One file or folder of a source that gives regions."""

    source: str
    path: Path

    def reader(self) -> RegionReader:
        """How its source finds and fetches regions."""
        reader = all_sources()[self.source].regions
        assert reader is not None, f"{self.source} gives regions, and no way to fetch them"
        return reader


def given_files(files: SourceFiles) -> list[Given]:
    """All of them, by the name of the source and in the order in which the user names them."""
    return [Given(source=name, path=path) for name in that_give("regions") for path in files.get(name, ())]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Where the regions of an image lie; the record there calls it `named`."""

    image_id: str
    named: str
    file_number: int
    place: Place


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is asked of the files: images of the table in the folder `images`, ids within `labels`.

    `checked` are the places of which the features are looked at, too.
    """

    images: Path
    labels: Labels
    checked: frozenset[PlaceOfFile] = frozenset()


def find(
    files: Sequence[Given], search: Search, log: RejectLog, *, group: str, workplace: Workplace, progress: Progress
) -> dict[str, Found]:
    """The first usable record of each image, in the order of the files; all others are rejected."""
    items = {shards.part_name(number): (number, file) for number, file in enumerate(files)}
    work = partial(_lines, search=search)
    read = shards.build(group, items, work, shelf=Summaries(), workplace=workplace, progress=progress)
    found: dict[str, Found] = {}
    for name, (number, _) in items.items():
        for line in read[name].summary:
            if "reason" in line:
                log.add(Rejection(**line))
            elif line["image_id"] in found:
                log.add(_rejection(line["named"], _LISTED_BEFORE))
            else:
                found[line["image_id"]] = Found(file_number=number, **line)
    return found


def _lines(item: tuple[int, Given], *, search: Search) -> Finished:
    """What the records of a file are worth, in their order: the image and its place, or the rejection."""
    number, file = item
    worth = _Worth(search, {place for of_file, place in search.checked if of_file == number})
    for place, record in file.reader().located(file.path, worth.reject, worth.checked.__contains__):
        worth.take(place, record)
    worth.settle()
    return Finished(digest="", summary=worth.lines)


class _Worth:
    """What records are worth, a line each in the order in which they come; some are judged at a time."""

    def __init__(self, search: Search, checked: Set[Place]) -> None:
        self.lines: list[dict[str, Any]] = []
        self.checked = checked
        self._canonical = load(search.images).canonical
        self._labels = search.labels
        self._waiting: list[tuple[Place, RegionRecord]] = []

    def reject(self, rejection: Rejection) -> None:
        """Take a record that its reader rejected."""
        self.settle()
        self.lines.append(asdict(rejection))

    def take(self, place: Place, record: RegionRecord) -> None:
        """Take any other; one of an unknown image is rejected."""
        if record.image_id not in self._canonical:
            self.reject(_rejection(record.image_id, _NOT_IN_TABLE))
            return
        self._waiting.append((place, record))
        if len(self._waiting) == _BLOCK:
            self.settle()

    def settle(self) -> None:
        """Judge all that wait."""
        waiting, self._waiting = self._waiting, []
        for (place, record), bad in zip(waiting, judged([record for _, record in waiting], self._labels), strict=True):
            bad = bad or (reason_of_features(record) if place in self.checked else None)
            if bad is None:
                image_id = self._canonical[record.image_id]
                self.lines.append({"image_id": image_id, "named": record.image_id, "place": place})
            else:
                self.lines.append(asdict(_rejection(record.image_id, bad)))


def _rejection(image_id: str, bad: RecordError) -> Rejection:
    return Rejection(source="regions", record=image_id, field=bad.field, reason=bad.reason)
