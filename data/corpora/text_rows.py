"""What a worker makes of the documents of one shard: rows of text beside no image, in a part of the corpus's table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data import shards
from data import vocabulary as word_pieces
from data.corpora.joined import NO_WORDS
from data.corpora.packing import packed
from data.corpora.rows import ROWS
from data.corpora.tally import Tally
from data.dealing import dealt
from data.encoding import encode, words_of
from data.records import Rejection
from data.schema import CORPUS, NO_IMAGE, SPLITS
from data.shards import Finished
from data.vocabulary import Vocabulary
from data.writers import write_parquet

DEALT = pa.schema(
    [
        ("document", pa.string()),
        ("number", pa.int64()),
        ("split", pa.string()),
        ("text_id", pa.string()),
        ("text", pa.string()),
    ]
)
"""Texts on their way to a corpus: the digest of their document, its number in the order of reading, and its split."""
COPY = "the same document before"


@dataclass(frozen=True, kw_only=True)
class TextShard:
    """The file to write, and the file of what was dealt to the shard."""

    path: Path
    records: Path


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all shards have in common; `max_length` in word pieces, [CLS] and [SEP] included."""

    vocabulary: Path
    max_length: int
    is_packed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    row_id: str
    split: str
    text: str
    source_ids: Sequence[str]


def write_part(shard: TextShard, *, shared: Shared) -> Finished:
    """Write the rows of a shard, sorted by row id: by document, then in the order of its texts."""
    tally = Tally()
    vocabulary = word_pieces.load(shared.vocabulary)
    records = _once(dealt(shard.records, DEALT), tally)
    rows = sorted(_rows(records, vocabulary, shared, tally), key=lambda row: row.row_id)
    table = _table(rows, vocabulary, shared, tally)
    digest = shards.write_part(shard.path, lambda path: write_parquet(path, table, CORPUS))
    return Finished(digest=digest, summary=tally.plain())


def _once(records: pa.Table, tally: Tally) -> pa.Table:
    """Of equal documents one: the first of those that are held out most strictly."""
    by_number = records.group_by("number", use_threads=False).aggregate([("document", "first"), ("split", "first")])
    chosen: dict[str, tuple[int, int]] = {}
    columns = (by_number[name].to_pylist() for name in ("number", "document_first", "split_first"))
    for number, document, split in zip(*columns, strict=True):
        place = (-SPLITS.index(split), number)
        chosen[document] = min(chosen.get(document, place), place)
    is_kept = pc.is_in(records["number"], pa.array([number for _, number in chosen.values()], pa.int64()))
    copies = records.filter(pc.invert(is_kept))
    tally.filtered.add_all(pa.chunked_array([[NO_IMAGE] * len(copies)], pa.string()), copies["text"], COPY)
    kept: pa.Table = records.filter(is_kept)
    return kept


def _rows(records: pa.Table, vocabulary: Vocabulary, shared: Shared, tally: Tally) -> Iterator[_Row]:
    """The rows of every document; texts without a word are rejected."""
    texts = records["text"].combine_chunks()
    lengths = words_of(texts, vocabulary).num_pieces.tolist()
    for name in records["text_id"].filter(pa.array([length == 0 for length in lengths], pa.bool_())).to_pylist():
        tally.log.add(Rejection(source="texts", record=name, field="text", reason=NO_WORDS))
    worded = records.append_column("length", pa.array(lengths, pa.int64())).filter(pc.field("length") > 0)
    start = 0
    documents = worded["document"].to_pylist()
    while start < len(documents):
        stop = start + 1
        while stop < len(documents) and documents[stop] == documents[start]:
            stop += 1
        yield from _of_document(worded.slice(start, stop - start), vocabulary, shared)
        start = stop


def _of_document(document: pa.Table, vocabulary: Vocabulary, shared: Shared) -> Iterator[_Row]:
    columns = ("document", "split", "text_id", "text", "length")
    names, splits, text_ids, texts, lengths = (document[column].to_pylist() for column in columns)
    if shared.is_packed:
        found = packed(texts, lengths, vocabulary, shared.max_length)
        said = [(row.text, [text_ids[place] for place in row.places]) for row in found]
    else:
        said = [(text, [text_id]) for text, text_id in zip(texts, text_ids, strict=True)]
    for number, (text, source_ids) in enumerate(said):
        row_id = f"text:{names[0]}#{number:06}"
        yield _Row(row_id=row_id, split=splits[0], text=text, source_ids=source_ids)


def _table(rows: Sequence[_Row], vocabulary: Vocabulary, shared: Shared, tally: Tally) -> pa.Table:
    texts = pa.array([row.text for row in rows], pa.string())
    encoded = encode(words_of(texts, vocabulary), vocabulary, shared.max_length)
    splits = [row.split for row in rows]
    tally.rows.update(splits)
    tally.num_pieces += len(encoded.token_ids.values)
    tally.num_truncated += int(encoded.is_truncated_T.sum())
    columns = {
        "row_id": pa.array([row.row_id for row in rows], pa.string()),
        "image_id": pa.array([NO_IMAGE] * len(rows), pa.string()),
        "split": pa.array(splits, pa.string()),
        "text": texts,
        "token_ids": encoded.token_ids.to_arrow(),
        "topic_ids": pa.array([[] for _ in rows], CORPUS.field("topic_ids").type),
        "source_ids": pa.array([row.source_ids for row in rows], ROWS.field("source_ids").type),
    }
    return pa.table(columns).select(CORPUS.names).cast(CORPUS)
