"""Many texts as word pieces at once: each distinct word is looked at once, the rest is arithmetic on whole arrays.

Legend: T texts, W words of all texts end to end, D distinct words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.ragged import Ragged, offsets_of
from data.vocabulary import Vocabulary, Word


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of texts: `of_texts` holds places in `distinct` for each text, `pieces` the pieces of each of these."""

    distinct: tuple[Word, ...]
    of_texts: Ragged
    pieces: Ragged

    @property
    def num_pieces(self) -> NDArray[np.int64]:
        """How many word pieces each text has."""
        lengths_W = self.pieces.lengths[self.of_texts.values]
        return np.diff(offsets_of(lengths_W)[self.of_texts.offsets])


@dataclass(frozen=True, kw_only=True)
class EncodedTexts:
    """Texts from [CLS] to [SEP], and of each the words of which every piece is in it, as places among the words."""

    token_ids: Ragged
    whole_words: Ragged
    is_truncated_T: NDArray[np.bool_]


def words_of(texts: pa.Array, vocabulary: Vocabulary) -> Words:
    """The words of each text, as `Vocabulary.split` has them."""
    is_spread = pc.match_substring_regex(texts, "[\t\n\r]")  # BERT's other spaces; almost no text has them
    if pc.any(is_spread).as_py():
        texts = pc.replace_substring_regex(texts, "[\t\n\r]", " ")
    chunks = pc.split_pattern(texts, " ")
    found = chunks.flatten().dictionary_encode()
    place_of: dict[Word, int] = {}
    words_of_chunks = Ragged.of(
        [
            [place_of.setdefault(word, len(place_of)) for word in vocabulary.words_of_chunk(chunk)]
            for chunk in found.dictionary.to_pylist()
        ]
    )
    words = words_of_chunks.take(found.indices.to_numpy().astype(np.int64))
    starts_T = chunks.offsets.to_numpy().astype(np.int64) - chunks.offsets[0].as_py()
    return Words(
        distinct=tuple(place_of),
        of_texts=words.joined(starts_T),
        pieces=Ragged.of([word.piece_ids for word in place_of]),
    )


def encode(words: Words, vocabulary: Vocabulary, max_length: int) -> EncodedTexts:
    """Each text from [CLS] to [SEP], cut after `max_length` - 2 pieces, as `Vocabulary.encode_words` has it."""
    assert max_length >= 3, f"no room for a word in {max_length} pieces"
    pieces = words.pieces.take(words.of_texts.values).joined(words.of_texts.offsets)
    is_kept = _places(pieces) < max_length - 2
    kept = pieces.where(is_kept)
    ends_W = offsets_of(words.pieces.lengths[words.of_texts.values])[1:]
    is_whole_W = ends_W - pieces.offsets[:-1][words.of_texts.owners] <= max_length - 2
    return EncodedTexts(
        token_ids=_between(vocabulary.cls_id, kept, vocabulary.sep_id),
        whole_words=words.of_texts.where(is_whole_W),
        is_truncated_T=pieces.lengths > max_length - 2,
    )


def _places(lists: Ragged) -> NDArray[np.int64]:
    """The place of each value in its list."""
    return np.arange(len(lists.values)) - np.repeat(lists.offsets[:-1], lists.lengths)


def _between(first: int, lists: Ragged, last: int) -> Ragged:
    """The lists, each with one value before it and one after."""
    offsets = lists.offsets + 2 * np.arange(len(lists) + 1)
    values = np.empty(offsets[-1], np.int64)
    values[offsets[:-1]] = first
    values[offsets[1:] - 1] = last
    values[np.arange(len(lists.values)) + 2 * lists.owners + 1] = lists.values
    return Ragged(values=values, offsets=offsets)
