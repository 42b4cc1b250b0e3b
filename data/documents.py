"""Documents: texts that stand beside no image, as they follow each other in a source, and their splits.

A document is called by a digest of its texts, so that neither the names of files nor their order decide its split, and
two copies of one are never on both sides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from data import draws
from data.errors import UserError
from data.records import Reject, TextRecord
from data.sources import SourceFiles, all_sources, that_give

MAX_TEXTS = 100_000
"""A document of more texts is taken in pieces of so many, each a document: memory stays flat."""
_DOCUMENTS_AT_ONCE = 10_000


@dataclass(frozen=True, kw_only=True)
class TextSplits:
    """How documents are split: shares of them in [0, 1], drawn by a hash of the document with `seed`."""

    validation_rate: float
    test_rate: float
    seed: int

    def __post_init__(self) -> None:
        if not 0 <= self.validation_rate + self.test_rate < 1:
            raise UserError(
                expected="shares of validation and test documents that leave some to train on",
                found=f"{self.validation_rate} and {self.test_rate}",
                where="[TextCorpus] validation_rate and test_rate",
                way_out="let them add up to less than 1",
            )

    def of(self, names: Sequence[str]) -> list[str]:
        """The split of each of some documents, by their digests."""
        shares = draws.uniform(self.seed, 0, draws.row_keys(names), "split")[:, 0]
        held_out = {True: "test", False: "validation"}
        return [
            held_out[share < self.test_rate] if share < self.test_rate + self.validation_rate else "train"
            for share in shares.tolist()
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """The texts of a document in their order, and what each is called; `name` is the digest of these texts."""

    name: str
    texts: tuple[str, ...]
    text_ids: tuple[str, ...]


def documents(records: Iterable[TextRecord]) -> Iterator[Document]:
    """The records that follow each other under one id, as documents."""
    for _, group in groupby(records, key=lambda record: record.document_id):
        waiting: list[TextRecord] = []
        for record in group:
            waiting.append(record)
            if len(waiting) == MAX_TEXTS:
                yield _document(waiting)
                waiting = []
        if waiting:
            yield _document(waiting)


def read(files: SourceFiles, reject: Reject, *, column: str = "") -> Iterator[Document]:
    """All documents of the sources of texts, by name, each one's files in the order given.

    `column` is where tables have them; empty: where their reader finds it.
    """
    for name in that_give("texts"):
        source = all_sources()[name]
        for path in files.get(name, ()):
            in_column = source.in_column.get("texts")
            records = in_column(path, reject, column) if in_column and column else source.reads["texts"](path, reject)
            yield from documents(records)


def in_batches(found: Iterable[Document]) -> Iterator[list[Document]]:
    """So many documents at a time that their splits are drawn together; fewer where they are long."""
    waiting: list[Document] = []
    num_texts = 0
    for document in found:
        waiting.append(document)
        num_texts += len(document.texts)
        if len(waiting) == _DOCUMENTS_AT_ONCE or num_texts >= MAX_TEXTS:
            yield waiting
            waiting, num_texts = [], 0
    if waiting:
        yield waiting


def training_texts(files: SourceFiles, reject: Reject, *, column: str, splits: TextSplits) -> Iterator[str]:
    """The texts of all documents that are trained on."""
    for batch in in_batches(read(files, reject, column=column)):
        for document, split in zip(batch, splits.of([document.name for document in batch]), strict=True):
            if split == "train":
                yield from document.texts


def _document(records: Sequence[TextRecord]) -> Document:
    texts = tuple(record.text for record in records)
    name = hashlib.blake2b("\n".join(texts).encode(), digest_size=16).hexdigest()
    return Document(name=name, texts=texts, text_ids=tuple(record.text_id for record in records))
