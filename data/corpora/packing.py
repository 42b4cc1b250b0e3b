"""Texts of one document put together until a row is full: none is split that fits into a row by itself.

A longer one is cut between words that spaces divide, so that the text of every row is what the tokenizer reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from data.vocabulary import Vocabulary

NUM_ENDS = 2  # [CLS] and [SEP]


@dataclass(slots=True)
class Packed:
    """A row in the making: its text piece by piece, the texts that it is of by their place, and its word pieces."""

    parts: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    num_pieces: int = 0

    @property
    def text(self) -> str:
        """All of it on one line."""
        return " ".join(self.parts)

    def add(self, part: str, place: int, num_pieces: int) -> None:
        """Put a text, or a part of one, behind what is there."""
        self.parts.append(part)
        self.num_pieces += num_pieces
        if place not in self.places[-1:]:
            self.places.append(place)


def packed(
    texts: Sequence[str], num_pieces: Sequence[int], vocabulary: Vocabulary, max_length: int
) -> Iterator[Packed]:
    """The rows of a document's texts, which are on one line and have so many word pieces each, at least one.

    No row has more than `max_length` pieces with [CLS] and [SEP], unless a single chunk without spaces has.
    """
    room = max_length - NUM_ENDS
    row = Packed()
    for place, (text, length) in enumerate(zip(texts, num_pieces, strict=True)):
        parts = [(text, length)] if length <= room else _chunks(text, vocabulary)
        if row.num_pieces and row.num_pieces + min(length, room) > room:
            yield row
            row = Packed()
        for part, size in parts:
            if row.num_pieces and row.num_pieces + size > room:
                yield row
                row = Packed()
            row.add(part, place, size)
    if row.num_pieces:
        yield row


def _chunks(text: str, vocabulary: Vocabulary) -> Iterator[tuple[str, int]]:
    """What spaces divide, with the number of word pieces."""
    for chunk in text.split(" "):
        yield chunk, sum(len(word.piece_ids) for word in vocabulary.words_of_chunk(chunk))
