"""The text corpus: text that stands beside no image, one sentence a row, or the sentences of a document packed.

A row's image is the empty id. Documents are kept once, whatever their files; their shard follows from their digest, so
that neither the order nor the names of files change a byte.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from data import documents, shards, tables, texts
from data import images as image_table
from data.corpora.building import FOLDER
from data.corpora.tally import Tally
from data.corpora.text_rows import COPY, DEALT, Shared, TextShard, write_part
from data.dealing import Dealer
from data.documents import Document, TextSplits
from data.errors import UserError
from data.images import ImageTable
from data.progress import Progress
from data.records import PRETRAINING, Rejection, TextRecord
from data.shards import PartFiles, Workplace
from data.sources import SourceFiles, that_give

Reading = Literal["packed", "sentence"]
"""The sentences of a document one after another until a row is full, or each a row of its own."""
TextsFrom = Literal["texts", "captions"]
"""Sources of texts, or captions without their images: those of an image that is held out are held out."""
_DIGITS = 8  # of a digest, which say its shard


@dataclass(frozen=True, kw_only=True)
class TextSettings:
    """`max_length` in word pieces, [CLS] and [SEP] included; a shard for each `bytes_per_shard` of the files.

    `text_column` is that of tables; empty: where their reader finds it.
    """

    max_length: int
    reading: Reading
    splits: TextSplits
    bytes_per_shard: int
    texts_from: TextsFrom = "texts"
    text_column: str = ""
    max_rejected_rate: float = 0.01


def build(
    files: SourceFiles,
    *,
    vocabulary: Path,
    images: Path | None = None,
    settings: TextSettings,
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write the table's parts, counts.json, rejected.parquet and filtered.parquet into the folder `into`.

    `images` is the result of ImageTable, which captions need. Raises UserError where there is no text, SourceError
    where more than the settings' share of the records was rejected.
    """
    tally = Tally()
    reading = _Reading(files=files, settings=settings, tally=tally, progress=progress)
    names = list(shards.ranges(_num_bytes(files, settings.texts_from), settings.bytes_per_shard))
    with Dealer(workplace.scratch / "dealt", DEALT, names) as dealer:
        _deal(reading.split_documents(images), dealer, num_shards=len(names))
    if not reading.num_read:
        raise _no_texts(settings.texts_from)
    tally.log.check(num_read=reading.num_read, max_rate=settings.max_rejected_rate, corpus="TextCorpus")
    shelf = PartFiles(workplace=workplace, name=FOLDER, suffix=tables.SUFFIX)
    shared = Shared(vocabulary=vocabulary, max_length=settings.max_length, is_packed=settings.reading == "packed")
    items = {name: TextShard(path=shelf.path(name), records=dealer.path(name)) for name in names}
    work = partial(write_part, shared=shared)
    finished = shards.build(FOLDER, items, work, shelf=shelf, workplace=workplace, progress=progress)
    for shard in finished.values():
        tally.add(shard.summary)
    tally.log.check(num_read=reading.num_read, max_rate=settings.max_rejected_rate, corpus="TextCorpus")
    shards.publish({FOLDER: (shelf, finished)}, into)
    tally.write(into, num_read=reading.num_read, reasons=(COPY,))
    progress(1.0, f"{tally.rows.total():,} rows")


@dataclass(kw_only=True)
class _Reading:
    """What reads the documents, and counts what was read and rejected."""

    files: SourceFiles
    settings: TextSettings
    tally: Tally
    progress: Progress
    num_read: int = 0
    _reasons: Counter[str] = field(default_factory=Counter)

    def split_documents(self, images: Path | None) -> Iterator[list[tuple[Document, str]]]:
        """Some documents at a time, each with its split."""
        if self.settings.texts_from == "captions":
            assert images is not None, "captions are split as their images are"
            yield from self._captions(image_table.load(images))
            return
        found = documents.read(self.files, self._reject, column=self.settings.text_column)
        for batch in documents.in_batches(found):
            self._count(sum(len(document.texts) for document in batch))
            splits = self.settings.splits.of([document.name for document in batch])
            yield list(zip(batch, splits, strict=True))

    def _captions(self, table: ImageTable) -> Iterator[list[tuple[Document, str]]]:
        """Each caption a document, split as its image is; those of no image of pre-training are rejected."""
        for _, batch in texts.batches_by_file(self.files, "captions", self._reject, PRETRAINING):
            self._count(batch.num_rows)
            found = []
            for image_id, name, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                canonical = table.canonical.get(image_id, "")
                if not canonical or table.pool[canonical] != PRETRAINING:
                    reason = "image that only a benchmark lists" if canonical else "image not in the image table"
                    self.tally.log.add(Rejection(source="captions", record=name, field="image_id", reason=reason))
                    continue
                record = TextRecord(document_id=name, text_id=name, text=text)
                found.append((next(documents.documents([record])), table.split[canonical]))
            yield found

    def _count(self, num_records: int) -> None:
        self.num_read += num_records
        self.progress(0.0, f"{self.num_read:,} texts read")

    def _reject(self, rejection: Rejection) -> None:
        self.num_read += 1
        self.tally.log.add(rejection)


def _deal(batches: Iterable[list[tuple[Document, str]]], dealer: Dealer, *, num_shards: int) -> None:
    """Give each document, with its number in the order of reading, to the shard of its digest."""
    number = 0
    for batch in batches:
        rows: list[tuple[Any, ...]] = []
        of_shards: list[int] = []
        for document, split in batch:
            shard = int(document.name[:_DIGITS], 16) * num_shards >> 4 * _DIGITS
            of_shards += [shard] * len(document.texts)
            named = zip(document.text_ids, document.texts, strict=True)
            rows += [(document.name, number, split, text_id, text) for text_id, text in named]
            number += 1
        if rows:
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, kind) for column, kind in zip(columns, DEALT.types, strict=True)]
            dealer.deal(pa.table(arrays, schema=DEALT), np.array(of_shards, np.int64))


def _num_bytes(files: SourceFiles, content: TextsFrom) -> int:
    return sum(path.stat().st_size for name in that_give(content) for path in files.get(name, ()) if path.is_file())


def _no_texts(content: TextsFrom) -> UserError:
    pool = PRETRAINING if content == "captions" else None
    return UserError(
        expected=f"at least one text, from one of {', '.join(that_give(content, pool))}",
        found="none",
        where="[sources] in luigi.cfg",
        way_out="set one of these sources",
    )
