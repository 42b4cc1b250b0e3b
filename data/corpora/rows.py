"""What the three corpora share: which records may become rows, their topics, and how rows are written.

A row is one text beside one image. Its topics are the word pieces of those of its words that are also words of the
image's object labels (MSP, https://arxiv.org/abs/2107.14596, section 3: the intersection of text and labels).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from data import images as image_table
from data import vocabulary as word_pieces
from data.errors import UserError
from data.images import ImageTable
from data.progress import Progress
from data.records import Content, Rejection
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.rejects import RejectLog
from data.schema import CORPUS, REJECTED, SPLITS
from data.sources import SourceFiles, read, that_give
from data.vocabulary import Vocabulary, Word
from data.writers import write_json, write_parquet

FILE_NAME = "corpus.parquet"
_BLOCK = 65_536  # rows that are Python objects at a time


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row before its text is encoded."""

    row_id: str
    image_id: str
    text: str
    source_ids: tuple[str, ...]


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

    def text_of(self, text: str, *, source: str, record: str) -> str | None:
        """The text on one line without spaces around it; None, and a rejection, where nothing can be made of it."""
        text = " ".join(text.split())
        try:
            text.encode()
        except UnicodeEncodeError:
            self.reject(source, record, "text", "text is not Unicode")
            return None
        if not self.vocabulary.split(text):
            self.reject(source, record, "text", "empty text")
            return None
        return text

    def labels_of(self, image_id: str) -> list[str]:
        """The object labels of an image's regions, in their order; regions without a label are left out."""
        ids = self.regions.object_ids_NR[self.regions.row_of[image_id]].tolist()
        return [self.regions.object_names[number] for number in ids if number >= 0]

    def reject(self, source: str, record: str, field: str, reason: str) -> None:
        """Leave one record out, for a short fixed reason."""
        self.log.add(Rejection(source=source, record=record, field=field, reason=reason))

    def _unreadable(self, rejection: Rejection) -> None:
        self.num_read += 1
        self.log.add(rejection)


@dataclass(slots=True)
class _Tally:
    """What the notes of counts.json say of all rows."""

    rows: Counter[str] = field(default_factory=Counter)
    num_pieces: int = 0
    num_truncated: int = 0
    num_with_topic: int = 0


def write(
    rows: Sequence[Row],
    joined: Joined,
    *,
    corpus: str,
    max_length: int,
    max_rejected_rate: float,
    notes: Mapping[str, float],
    into: Path,
    filtered: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Encode and write `rows` as corpus.parquet, with counts.json and rejected.parquet, into the folder `into`.

    `filtered` counts by reason what was left out on purpose: it is shown, and is no sign of wrong files. `max_length`
    counts word pieces, [CLS] and [SEP] included. Row ids must be distinct. Raises SourceError where more than
    `max_rejected_rate` of the records read were rejected.
    """
    joined.log.check(num_read=joined.num_read, max_rate=max_rejected_rate, corpus=corpus)
    ordered = sorted(rows, key=lambda row: (row.image_id, row.row_id))
    tally = _Tally()
    label_words: dict[str, frozenset[str]] = {}
    blocks = [
        _table(ordered[start : start + _BLOCK], joined, label_words, max_length, tally)
        for start in range(0, len(ordered), _BLOCK)
    ]
    write_parquet(into / FILE_NAME, pa.concat_tables(blocks) if blocks else CORPUS.empty_table(), CORPUS)
    write_parquet(into / "rejected.parquet", joined.log.table(), REJECTED)
    images = Counter(joined.images.split[image_id] for image_id in {row.image_id for row in ordered})
    counts = {
        "rows": {split: tally.rows[split] for split in SPLITS},
        "images": {split: images[split] for split in SPLITS},
        "read": joined.num_read,
        "rejected": dict(joined.log.counts),
        "filtered": dict(filtered),
        "notes": {**notes, **_notes(tally, len(ordered))},
    }
    write_json(into / "counts.json", counts)


def _table(
    rows: Sequence[Row], joined: Joined, label_words: dict[str, frozenset[str]], max_length: int, tally: _Tally
) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in CORPUS.names}
    for row in rows:
        if row.image_id not in label_words:
            label_words[row.image_id] = _words(joined, joined.labels_of(row.image_id))
        encoded = joined.vocabulary.encode_words(row.text, max_length)
        topics = topic_ids(encoded.words, label_words[row.image_id], joined.vocabulary.unknown_id)
        split = joined.images.split[row.image_id]
        values = (row.row_id, row.image_id, split, row.text, encoded.token_ids, topics, row.source_ids)
        for name, value in zip(CORPUS.names, values, strict=True):
            columns[name].append(value)
        tally.rows[split] += 1
        tally.num_pieces += len(encoded.token_ids)
        tally.num_truncated += encoded.is_truncated
        tally.num_with_topic += bool(topics)
    return pa.table(columns, schema=CORPUS)


def topic_ids(words: Sequence[Word], label_words: frozenset[str], unknown_id: int) -> list[int]:
    """The pieces of those `words` that are `label_words`: distinct, ascending. A word that is [UNK] is no topic."""
    pieces = {piece for word in words if word.text in label_words for piece in word.piece_ids}
    return sorted(pieces - {unknown_id})


def _words(joined: Joined, labels: Sequence[str]) -> frozenset[str]:
    """The words of labels; punctuation (t-shirt) is none."""
    words = {word.text for label in set(labels) for word in joined.vocabulary.split(label)}
    return frozenset(word for word in words if any(character.isalnum() for character in word))


def _notes(tally: _Tally, num_rows: int) -> dict[str, float]:
    return {
        "mean word pieces": round(tally.num_pieces / max(num_rows, 1), 3),
        "truncated rows": tally.num_truncated,
        "share of rows with a topic": round(tally.num_with_topic / max(num_rows, 1), 4),
    }
