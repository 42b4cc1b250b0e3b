"""Topics: the words of a text that are also words of the object labels of the image that is shown (MSP, section 3.2).

A word here is a run of word pieces, a first one and its `##` continuations, and two words are the same if all their
pieces are. Legend: B rows, L word pieces, R regions, C object labels, W words of a label, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_BASE = 0x9E3779B97F4A7C15 - (1 << 64)  # an odd multiplier, wrapped to int64: a polynomial hash of a word's pieces
_NO_WORD = 0  # pads labels of fewer words; no word has this code, since codes start from an id plus one


@dataclass(frozen=True, kw_only=True)
class TopicWords:
    """Which word pieces continue a word, the words of every object label, and all pieces these words have."""

    continues_V: Tensor
    label_words_CW: Tensor
    piece_ids: tuple[int, ...]

    @classmethod
    def of(cls, tokens: Sequence[str], label_pieces: Sequence[Sequence[int]], *, special_ids: set[int]) -> TopicWords:
        """From the vocabulary's entries and each object label's word pieces (special ones are left out)."""
        continues_V = torch.tensor([token.startswith("##") for token in tokens])
        pieces = [[piece for piece in label if piece not in special_ids] for label in label_pieces]
        words = [_distinct_codes(label, continues_V) for label in pieces]
        width = max((len(codes) for codes in words), default=0)
        padded = [codes + [_NO_WORD] * (width - len(codes)) for codes in words]
        return cls(
            continues_V=continues_V,
            label_words_CW=torch.tensor(padded, dtype=torch.int64).reshape(len(words), width),
            piece_ids=tuple(sorted({piece for label in pieces for piece in label})),
        )

    def mark(self, text_BL: Tensor, object_ids_BR: Tensor) -> Tensor:
        """True on every piece of the words of `text_BL` that are words of the labels `object_ids_BR`, (B, L)."""
        unknown_BR1 = (object_ids_BR < 0)[:, :, None]
        labels_BRW = self.label_words_CW[object_ids_BR.clamp(min=0)].masked_fill(unknown_BR1, _NO_WORD)
        codes_BL = word_codes(text_BL, self.continues_V)
        return (codes_BL[:, :, None] == labels_BRW.flatten(1)[:, None, :]).any(-1)


def word_codes(text_BL: Tensor, continues_V: Tensor) -> Tensor:
    """A 64-bit code of the whole word at each of its pieces, (B, L)."""
    if not text_BL.shape[1]:
        return text_BL
    continues_BL = continues_V[text_BL]
    continues_BL[:, 0] = False
    codes_BL = text_BL + 1
    grows_BL = continues_BL  # where a word has got to with the next piece, from its second on
    while grows_BL.any():
        rows_N, places_N = grows_BL.nonzero(as_tuple=True)
        is_next_N = ~grows_BL[rows_N, places_N - 1]
        rows_N, places_N = rows_N[is_next_N], places_N[is_next_N]
        codes_BL[rows_N, places_N] += codes_BL[rows_N, places_N - 1] * _BASE
        grows_BL = grows_BL.index_put((rows_N, places_N), torch.tensor(False))
    return codes_BL.gather(1, _last_places(continues_BL))  # what the last piece knows is the code of the word


def _last_places(continues_BL: Tensor) -> Tensor:
    """The place of the last piece of the word that each piece is of, (B, L)."""
    length = continues_BL.shape[1]
    ends_BL = functional.pad(~continues_BL[:, 1:], (0, 1), value=True)
    places_BL = torch.arange(length).expand_as(ends_BL).masked_fill(~ends_BL, length)
    return places_BL.flip(1).cummin(1).values.flip(1)


def _distinct_codes(pieces: Sequence[int], continues_V: Tensor) -> list[int]:
    codes_1L = word_codes(torch.tensor([list(pieces)], dtype=torch.int64), continues_V)
    return sorted(set(codes_1L[0].tolist()))
