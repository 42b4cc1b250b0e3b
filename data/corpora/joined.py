"""What every corpus is joined with, and which records may become rows: of images that have regions, in Unicode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data import images as image_table
from data import vocabulary as word_pieces
from data.errors import UserError
from data.images import ImageTable
from data.progress import Progress
from data.records import Content, Rejection
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.rejects import RejectLog
from data.sources import SourceFiles, read, that_give
from data.vocabulary import Vocabulary

NO_WORDS = "empty text"


@dataclass(kw_only=True)
class Joined:
    """What every corpus is joined with; how many records were read, and the log of those that were rejected.

    Where `pool` is given, only its sources are read and only its images are used.
    """

    images: ImageTable
    regions: RegionStore
    vocabulary: Vocabulary
    pool: str | None = None
    log: RejectLog = field(default_factory=RejectLog)
    num_read: int = 0

    @classmethod
    def open(cls, *, images: Path, regions: Path, vocabulary: Path, pool: str | None = None) -> Joined:
        """Open the three artifacts' folders."""
        return cls(
            images=image_table.load(images),
            regions=RegionStore.open(regions / REGIONS_FILE),
            vocabulary=word_pieces.load(vocabulary),
            pool=pool,
        )

    def records(self, files: SourceFiles, content: Content, progress: Progress) -> Iterator[Any]:
        """All records of `content`; they and those that the reader rejects are counted. UserError if there are none."""
        for record in read(files, content, self._unreadable, self.pool):
            self.num_read += 1
            if self.num_read % 10_000 == 0:
                progress(0.0, f"{self.num_read:,} {content} read")
            yield record
        if not self.num_read:
            raise UserError(
                expected=f"at least one record of {content}, from one of {', '.join(that_give(content, self.pool))}",
                found="none",
                where="[sources] in luigi.cfg",
                way_out="set one of these sources",
            )

    def image_of(self, image_id: str, *, source: str, record: str) -> str | None:
        """The canonical id of an image that has regions; None, and a rejection, for any other."""
        canonical = self.images.canonical.get(image_id)
        if canonical is None:
            self.reject(source, record, "image_id", "image not in the image table")
        elif self.pool not in (None, self.images.pool[canonical]):
            self.reject(source, record, "image_id", "image that only a benchmark lists")
        elif canonical not in self.regions.row_of:
            self.reject(source, record, "image_id", "image has no regions")
        else:
            return canonical
        return None

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


def one_line(text: str) -> str | None:
    """The text with single spaces in place of all white space; None where UTF-8 cannot hold it."""
    line = " ".join(text.split())
    try:
        line.encode()
    except UnicodeEncodeError:
        return None
    return line
