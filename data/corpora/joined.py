"""What every corpus is joined with, and which records may become rows: of images that have regions, in Unicode."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from data import images as image_table
from data import tables, texts
from data import vocabulary as word_pieces
from data.errors import UserError
from data.images import ImageTable
from data.pictures.store import TABLE as PICTURES_TABLE
from data.progress import Progress
from data.records import Content, Rejection
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.rejects import RejectLog
from data.schema import TEXTS
from data.sources import SourceFiles, read, that_give
from data.text_tables import one_line
from data.vocabulary import Vocabulary

NO_WORDS = "empty text"
_TELL_EVERY = 10_000


@dataclass(kw_only=True)
class Joined:
    """What every corpus is joined with; how many records were read, and the log of those that were rejected.

    Where `pool` is given, only its sources are read and only its images are used. `pictures` are the images that have
    one: where they are given, these are used, whether or not they have regions.
    """

    images: ImageTable
    regions: RegionStore
    vocabulary: Vocabulary
    pool: str | None = None
    pictures: frozenset[str] | None = None
    log: RejectLog = field(default_factory=RejectLog)
    num_read: int = 0

    @classmethod
    def open(
        cls,
        *,
        images: Path,
        regions: Path,
        vocabulary: Path,
        pool: str | None = None,
        pictures: Path | None = None,
    ) -> Joined:
        """Open the artifacts' folders."""
        return cls(
            images=image_table.load(images),
            regions=RegionStore.open(regions / REGIONS_FILE),
            vocabulary=word_pieces.load(vocabulary),
            pool=pool,
            pictures=None if pictures is None else _with_pictures(pictures),
        )

    def records(self, files: SourceFiles, content: Content, progress: Progress) -> Iterator[Any]:
        """All records of `content`; they and those that the reader rejects are counted. UserError if there are none."""
        for record in read(files, content, self._unreadable, self.pool):
            self.num_read += 1
            if self.num_read % _TELL_EVERY == 0:
                progress(0.0, f"{self.num_read:,} {content} read")
            yield record
        self._hold_any(files, content)

    def _hold_any(self, files: SourceFiles, content: Content) -> None:
        if not self.num_read:
            raise UserError(
                expected=f"at least one record of {content}, from one of {', '.join(that_give(content, self.pool))}",
                found="none",
                where="[sources] in luigi.cfg",
                way_out="set one of these sources",
            )

    def texts(
        self, files: SourceFiles, content: Literal["phrases", "captions"], progress: Progress
    ) -> Iterator[pa.Table]:
        """All records of `content` of images that have regions, as `TEXTS` under canonical ids; counted."""
        return (found for _, found in self.texts_by_file(files, content, progress))

    def texts_by_file(
        self, files: SourceFiles, content: Literal["phrases", "captions"], progress: Progress
    ) -> Iterator[tuple[int, pa.Table]]:
        """As `texts`, each table with the number of its file (data/texts.py has their order)."""
        for number, batch in texts.batches_by_file(files, content, self._unreadable, self.pool):
            if self.num_read // _TELL_EVERY != (self.num_read + batch.num_rows) // _TELL_EVERY:
                progress(0.0, f"{self.num_read + batch.num_rows:,} {content} read")
            self.num_read += batch.num_rows
            yield number, self.placed(pa.Table.from_batches([batch]), content)
        self._hold_any(files, content)

    def placed(self, found: pa.Table, source: str) -> pa.Table:
        """The texts of images that have regions, under canonical ids; the others are rejected."""
        if not found.num_rows:
            return found
        ids = found["image_id"].combine_chunks().dictionary_encode()
        reasons = [self._why_not(image_id) for image_id in ids.dictionary.to_pylist()]
        canonical = [self.images.canonical.get(image_id) for image_id in ids.dictionary.to_pylist()]
        is_usable = pa.array([reason is None for reason in reasons]).take(ids.indices)
        if any(reasons):
            unusable = pc.invert(is_usable)
            names = found["record_id"].filter(unusable).to_pylist()
            for name, place in zip(names, ids.indices.filter(unusable).to_pylist(), strict=True):
                self.reject(source, name, "image_id", reasons[place] or "")
        image_ids = pa.array(canonical, pa.string()).take(ids.indices)
        placed: pa.Table = found.set_column(0, TEXTS.field(0), image_ids).filter(is_usable)
        return placed

    def image_of(self, image_id: str, *, source: str, record: str) -> str | None:
        """The canonical id of an image that has regions; None, and a rejection, for any other."""
        reason = self._why_not(image_id)
        if reason is None:
            return self.images.canonical[image_id]
        self.reject(source, record, "image_id", reason)
        return None

    def _why_not(self, image_id: str) -> str | None:
        """Why an image cannot be used; None if it can."""
        canonical = self.images.canonical.get(image_id)
        if canonical is None:
            return "image not in the image table"
        if self.pool not in (None, self.images.pool[canonical]):
            return "image that only a benchmark lists"
        if canonical in self.shown:
            return None
        return "image has no regions" if self.pictures is None else "image has no picture"

    @property
    def shown(self) -> Container[str]:
        """The images that can be shown."""
        return self.regions.row_of if self.pictures is None else self.pictures

    def line_of(self, text: str, *, source: str, record: str) -> str | None:
        """The text on one line without spaces around it; None, and a rejection, where UTF-8 cannot hold it."""
        line = one_line(text)
        if line is None:
            self.reject(source, record, "text", "text is not Unicode")
        return line

    def text_of(self, text: str, *, source: str, record: str) -> str | None:
        """As `line_of`; None, and a rejection, where no word is in it, too."""
        line = self.line_of(text, source=source, record=record)
        if line is not None and not self.vocabulary.split(line):
            self.reject(source, record, "text", NO_WORDS)
            return None
        return line

    def labels_of(self, image_id: str) -> list[str]:
        """The object labels of an image's regions, in their order; regions without a label are left out."""
        ids_R = self.regions.object_ids_NR[self.regions.row_of[image_id]].tolist()
        return [self.regions.object_names[number] for number in ids_R if number >= 0]

    def reject(self, source: str, record: str, field: str, reason: str) -> None:
        """Leave one record out, for a short fixed reason."""
        self.log.add(Rejection(source=source, record=record, field=field, reason=reason))

    def _unreadable(self, rejection: Rejection) -> None:
        self.num_read += 1
        self.log.add(rejection)


def _with_pictures(folder: Path) -> frozenset[str]:
    """The images of a PictureStore."""
    return frozenset(tables.read(folder / PICTURES_TABLE, ("image_id",))["image_id"].to_pylist())
