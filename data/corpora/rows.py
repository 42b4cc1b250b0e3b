"""What a worker makes of the images of one shard: rows, encoded, in a part of the corpus's table.

A row is one text beside one image. Its topics are the word pieces of those of its words that are also words of the
image's object labels (MSP, https://arxiv.org/abs/2107.14596, section 3: the intersection of text and labels).
Legend: S images of a shard, R regions of an image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data import shards
from data import vocabulary as word_pieces
from data.corpora.joined import NO_WORDS
from data.corpora.tally import Tally
from data.dealing import dealt
from data.records import Rejection
from data.schema import CORPUS
from data.shards import Finished
from data.vocabulary import Vocabulary, Word
from data.writers import write_parquet

DEALT = pa.schema([(name, pa.string()) for name in ("image_id", "record_id", "text")])
"""What is dealt out to the shards of a corpus: a text on one line, the image that it speaks of, and its record."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row before its text is encoded."""

    row_id: str
    image_id: str
    text: str
    source_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ImageShard:
    """Consecutive images of the region store, and what a worker must know of them.

    `splits` is by image id, in their order; `records` is the file of what was dealt to the shard.
    """

    path: Path
    splits: Mapping[str, str]
    object_ids_SR: NDArray[np.int16]
    records: Path


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all shards of a corpus have in common; `max_length` in word pieces, [CLS] and [SEP] included."""

    vocabulary: Path
    object_names: tuple[str, ...]
    source: str
    max_length: int


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the rows of a shard are made from, and where it is noted what is left out of them."""

    labels: Mapping[str, Sequence[str]]
    """The object labels of each image's regions, in their order; regions without a label are left out."""
    records: Sequence[Mapping[str, str]]
    """What was dealt to the shard, as `DEALT`, in the order of the sources."""
    vocabulary: Vocabulary
    source: str
    tally: Tally = field(default_factory=Tally)

    def has_words(self, text: str, *, record: str) -> bool:
        """Whether a text has any words; a rejection where it has none."""
        if self.vocabulary.split(text):
            return True
        self.tally.log.add(Rejection(source=self.source, record=record, field="text", reason=NO_WORDS))
        return False


Make = Callable[[Bench], Iterable[Row]]
"""Makes the rows of a shard, in any order. It is sent to workers."""


def write_part(shard: ImageShard, *, make: Make, shared: Shared) -> Finished:
    """Write the rows of a shard, sorted by image id, then row id."""
    labels = {
        image_id: [shared.object_names[number] for number in ids_R.tolist() if number >= 0]
        for image_id, ids_R in zip(shard.splits, shard.object_ids_SR, strict=True)
    }
    bench = Bench(
        labels=labels,
        records=dealt(shard.records, DEALT).to_pylist(),
        vocabulary=word_pieces.load(shared.vocabulary),
        source=shared.source,
    )
    rows = sorted(make(bench), key=lambda row: (row.image_id, row.row_id))
    table = _table(rows, bench, shard.splits, shared.max_length)
    digest = shards.write_part(shard.path, lambda path: write_parquet(path, table, CORPUS))
    return Finished(digest=digest, summary=bench.tally.plain())


def _table(rows: Sequence[Row], bench: Bench, splits: Mapping[str, str], max_length: int) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in CORPUS.names}
    label_words: dict[str, frozenset[str]] = {}
    tally = bench.tally
    for row in rows:
        if row.image_id not in label_words:
            label_words[row.image_id] = _words(bench.labels[row.image_id], bench.vocabulary)
            tally.images[splits[row.image_id]] += 1
        encoded = bench.vocabulary.encode_words(row.text, max_length)
        topics = topic_ids(encoded.words, label_words[row.image_id], bench.vocabulary.unknown_id)
        split = splits[row.image_id]
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


def _words(labels: Sequence[str], vocabulary: Vocabulary) -> frozenset[str]:
    """The words of labels; punctuation (t-shirt) is none."""
    words = {word.text for label in set(labels) for word in vocabulary.split(label)}
    return frozenset(word for word in words if any(character.isalnum() for character in word))
