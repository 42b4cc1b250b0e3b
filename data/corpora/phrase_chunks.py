"""Phrases grouped by image, each said once, and joined into rows of bounded length: whole columns at a time.

Phrases of one image lie together once they are sorted by image, so that groups are runs and a row is a run of a run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.corpora.rows import ROWS, rows_of
from data.ragged import offsets_of
from data.schema import TEXTS

DEALT = TEXTS.append(pa.field("verbs", pa.uint8(), nullable=False))
"""What is dealt out: a phrase, and which kinds of verb are in it (data/taggers/verbs.py)."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """How many word pieces a row may have, and how many the separator between two phrases takes."""

    num_pieces: int
    joining: int


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """The phrases of images: those of one image together, in the order in which they were first said.

    `table` is as `DEALT`; `sayings` has the record ids of each phrase; `repeated` are those said before, as `DEALT`.
    """

    table: pa.Table
    sayings: pa.ListArray
    repeated: pa.Table

    def where(self, is_kept: NDArray[np.bool_]) -> Phrases:
        """Those that are kept."""
        kept = pa.array(is_kept)
        return Phrases(table=self.table.filter(kept), sayings=self.sayings.filter(kept), repeated=self.repeated)


def distinct(records: pa.Table) -> Phrases:
    """The distinct phrases of each image, case aside; the first to say one gives it its spelling."""
    images = _codes(records["image_id"].combine_chunks())
    order = np.argsort(images, kind="stable")
    records = records.take(pa.array(order))
    texts = records["text"].combine_chunks().dictionary_encode()
    folded = _codes(pa.array([text.casefold() for text in texts.dictionary.to_pylist()], pa.string()))
    keys = images[order] * max(len(folded), 1) + folded[texts.indices.to_numpy()]
    _, firsts, groups = np.unique(keys, return_index=True, return_inverse=True)
    sayings_order = np.argsort(firsts[groups], kind="stable")
    is_first = np.zeros(len(records), bool)
    is_first[firsts] = True
    offsets = offsets_of(np.bincount(firsts[groups], minlength=len(records))[np.sort(firsts)])
    record_ids = records["record_id"].combine_chunks().take(pa.array(sayings_order))
    return Phrases(
        table=records.filter(pa.array(is_first)),
        sayings=pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), record_ids),
        repeated=records.filter(pa.array(~is_first)),
    )


def begins(images: NDArray[np.int64], sizes: NDArray[np.int64], room: Room) -> NDArray[np.bool_]:
    """Which phrases begin a row: the first of an image, and each that has no room behind those before it.

    One that is too long by itself is a row of its own and will be truncated. Pieces add up because a separator of
    punctuation or spaces keeps the words on its two sides apart.
    """
    is_first = np.diff(images, prepend=-1) != 0
    starts = np.flatnonzero(is_first)
    ends = np.append(starts[1:], len(images))
    lengths = offsets_of(sizes + room.joining)
    found = np.zeros(len(images), bool)
    while len(starts):  # all images at once: each round finds the next row of every image that is not used up
        found[starts] = True
        last_length = lengths[starts] + room.num_pieces + room.joining
        following = np.maximum(np.searchsorted(lengths, last_length, side="right") - 1, starts + 1)
        is_open = following < ends
        starts, ends = following[is_open], ends[is_open]
    return found


def joined(phrases: Phrases, sizes: NDArray[np.int64], room: Room, separator: str) -> pa.Table:
    """Rows, as `ROWS`, of consecutive phrases while they fit; `sizes` are the phrases' lengths in word pieces."""
    if not len(phrases.table):
        return ROWS.empty_table()
    image_ids = phrases.table["image_id"].combine_chunks()
    first_of_images = runs(image_ids)
    images = np.repeat(np.arange(len(first_of_images)), np.diff(np.append(first_of_images, len(image_ids))))
    starts = np.flatnonzero(begins(images, sizes, room))
    offsets = pa.array(np.append(starts, len(images)), pa.int32())
    texts = pa.ListArray.from_arrays(offsets, phrases.table["text"].combine_chunks())
    sayings = phrases.sayings
    source_ids = pa.ListArray.from_arrays(sayings.offsets.take(offsets), sayings.values)
    of_rows = images[starts]
    first_of_image = np.flatnonzero(np.diff(of_rows, prepend=-1))
    numbers = np.arange(len(starts)) - np.repeat(first_of_image, np.diff(np.append(first_of_image, len(starts))))
    of_rows_ids = image_ids.take(pa.array(starts))
    row_ids = pc.binary_join_element_wise(of_rows_ids, pa.array(numbers).cast(pa.string()), "#p")
    return rows_of(row_ids, of_rows_ids, pc.binary_join(texts, separator), source_ids)


def runs(values: pa.Array) -> NDArray[np.int64]:
    """Where each run of equal values begins."""
    ends: NDArray[np.int64] = pc.run_end_encode(values, run_end_type=pa.int64()).run_ends.to_numpy()
    return np.concatenate((np.zeros(1, np.int64), ends[:-1]))


def _codes(values: pa.Array) -> NDArray[np.int64]:
    """A number for each value, equal for equal ones."""
    codes: NDArray[np.int64] = values.dictionary_encode().indices.to_numpy().astype(np.int64)
    return codes
