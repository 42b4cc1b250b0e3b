"""What a worker makes of the images of one shard: rows, encoded, in a part of the corpus's table.

A row is one text beside one image. Its topics are the word pieces of those of its words that are also words of the
image's object labels (MSP, https://arxiv.org/abs/2107.14596, section 3: the intersection of text and labels).
Legend: S images of a shard, R regions of an image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data import shards
from data import vocabulary as word_pieces
from data.corpora.joined import NO_WORDS
from data.corpora.tally import Tally
from data.dealing import dealt
from data.encoding import EncodedTexts, Words, encode, words_of
from data.ragged import Ragged
from data.records import Rejection
from data.schema import CORPUS, TEXTS
from data.shards import Finished
from data.vocabulary import Vocabulary
from data.writers import write_parquet

ROWS = pa.schema(
    [("row_id", pa.string()), ("image_id", pa.string()), ("text", pa.string()), ("source_ids", pa.list_(pa.string()))]
)
"""Rows before their text is encoded."""


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
    """What all shards of a corpus have in common; `max_length` in word pieces, [CLS] and [SEP] included.

    `schema` is that of the records that are dealt out.
    """

    vocabulary: Path
    object_names: tuple[str, ...]
    source: str
    max_length: int
    schema: pa.Schema = TEXTS


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What the rows of a shard are made from, and where it is noted what is left out of them."""

    records: pa.Table
    """What was dealt to the shard, `TEXTS` and what the corpus adds to it, in the order of the sources."""
    vocabulary: Vocabulary
    source: str
    tally: Tally = field(default_factory=Tally)

    def worded(self) -> pa.Table:
        """The records whose text has any words; the others are rejected."""
        texts = self.records["text"].combine_chunks().dictionary_encode()
        has_words = words_of(texts.dictionary, self.vocabulary).of_texts.lengths[texts.indices.to_numpy()] > 0
        for name in self.records["record_id"].filter(pa.array(~has_words)).to_pylist():
            self.tally.log.add(Rejection(source=self.source, record=name, field="text", reason=NO_WORDS))
        worded: pa.Table = self.records.filter(pa.array(has_words))
        return worded


Make = Callable[[Bench], pa.Table]
"""Makes the rows of a shard, `ROWS` in any order. It is sent to workers."""


def rows_of(row_ids: pa.Array, image_ids: pa.Array, texts: pa.Array, source_ids: pa.Array) -> pa.Table:
    """The columns as `ROWS`."""
    return pa.table([row_ids, image_ids, texts, source_ids], schema=ROWS)


def singles(values: pa.ChunkedArray) -> pa.Array:
    """A list of one for each value."""
    return pa.ListArray.from_arrays(pa.array(range(len(values) + 1), pa.int32()), values.combine_chunks())


def write_part(shard: ImageShard, *, make: Make, shared: Shared) -> Finished:
    """Write the rows of a shard, sorted by image id, then row id."""
    bench = Bench(
        records=dealt(shard.records, shared.schema),
        vocabulary=word_pieces.load(shared.vocabulary),
        source=shared.source,
    )
    rows = make(bench)
    rows = rows.take(pc.sort_indices(rows, [("image_id", "ascending"), ("row_id", "ascending")]))
    table = _table(rows, bench, shard, shared)
    digest = shards.write_part(shard.path, lambda path: write_parquet(path, table, CORPUS))
    return Finished(digest=digest, summary=bench.tally.plain())


def _table(rows: pa.Table, bench: Bench, shard: ImageShard, shared: Shared) -> pa.Table:
    words = words_of(rows["text"].combine_chunks(), bench.vocabulary)
    encoded = encode(words, bench.vocabulary, shared.max_length)
    images = rows["image_id"].combine_chunks().dictionary_encode()
    topics = _topics(words, encoded, images, _label_words(images.dictionary, shard, shared, bench.vocabulary))
    topics = topics.where(topics.values != bench.vocabulary.unknown_id)
    splits = pa.array([shard.splits[image_id] for image_id in images.dictionary.to_pylist()], pa.string())
    split = splits.take(images.indices)
    tally = bench.tally
    tally.images.update(splits.to_pylist())
    tally.rows.update(split.to_pylist())
    tally.num_pieces += len(encoded.token_ids.values)
    tally.num_truncated += int(encoded.is_truncated_T.sum())
    tally.num_with_topic += int((topics.lengths > 0).sum())
    columns = {name: rows[name] for name in ROWS.names}
    encodings = {"split": split, "token_ids": encoded.token_ids.to_arrow(), "topic_ids": topics.to_arrow()}
    return pa.table({**columns, **encodings}).select(CORPUS.names).cast(CORPUS)


def _topics(
    words: Words, encoded: EncodedTexts, images: pa.DictionaryArray, label_words: Iterable[frozenset[str]]
) -> Ragged:
    """The pieces of those whole words of each text that are words of its image's labels: distinct, ascending."""
    num_words = max(len(words.distinct), 1)
    numbers_of: dict[str, list[int]] = {}
    for number, word in enumerate(words.distinct):
        numbers_of.setdefault(word.text, []).append(number)
    shown = np.array(
        [
            image * num_words + number
            for image, texts in enumerate(label_words)
            for text in texts
            for number in numbers_of.get(text, ())
        ],
        np.int64,
    )
    whole = encoded.whole_words
    images_T = images.indices.to_numpy().astype(np.int64)
    is_topic = np.isin(images_T[whole.owners] * num_words + whole.values, shown)
    found = whole.where(is_topic)
    pieces = words.pieces.take(found.values).joined(found.offsets)
    return _distinct(pieces)


def _distinct(lists: Ragged) -> Ragged:
    """The values of each list once, ascending."""
    if not len(lists.values):
        return lists
    size = int(lists.values.max()) + 1
    keys = np.unique(lists.owners * size + lists.values)
    return Ragged(values=keys % size, offsets=np.searchsorted(keys // size, np.arange(len(lists) + 1)))


def _label_words(
    image_ids: pa.Array, shard: ImageShard, shared: Shared, vocabulary: Vocabulary
) -> Iterator[frozenset[str]]:
    """The words of the object labels of each image's regions; punctuation (t-shirt) is none."""
    row_of = {image_id: row for row, image_id in enumerate(shard.splits)}
    words_of_label = [
        frozenset(word.text for word in vocabulary.split(name) if any(map(str.isalnum, word.text)))
        for name in shared.object_names
    ]
    for image_id in image_ids.to_pylist():
        ids_R = {number for number in shard.object_ids_SR[row_of[image_id]].tolist() if number >= 0}
        yield frozenset().union(*(words_of_label[number] for number in ids_R))
