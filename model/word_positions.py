"""Positions by whole words, as the MSP authors' code counts them, as far as word pieces tell.

0 is padding, 1 are [CLS] and [SEP], words count from 2. A `##` piece has its word's position, and so has a punctuation
mark that of the word before it: the code splits at white space alone, of which rows keep nothing, and most marks follow
a word directly. So "a man, blue." is a2 man3 ,3 blue4 .4 as it is there; but "man's" is man2 '2 s3 here and man2 '2 s2
there, and an opening bracket counts to the word before it here and to the one after it there. A mark after [CLS] is a
word of its own. Positions come from the text as it is shown: a [MASK] begins a word, whatever it hides.

Legend: B rows, L word pieces, V vocabulary.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from data.vocabulary import PAD, SEP

_BOUNDARY = 1  # the position of [CLS] and [SEP]
_ASCII_MARKS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")  # BERT's: Unicode takes some of them for symbols


class WordPositions(nn.Module):
    """The position of each piece, by the vocabulary's entries. It has no parameters, and leaves nothing in weights."""

    joins_V: Tensor

    def __init__(self, tokens: Sequence[str]) -> None:
        super().__init__()
        self._pad_id, self._sep_id = tokens.index(PAD), tokens.index(SEP)
        joins_V = torch.tensor([token.startswith("##") or _is_mark(token) for token in tokens])
        self.register_buffer("joins_V", joins_V, persistent=False)

    def forward(self, text_BL: Tensor) -> Tensor:
        """(B, L), int64. Texts begin with [CLS]; no position is above L - 1."""
        joins_BL = self.joins_V[text_BL]
        begins_BL = torch.cat([torch.ones_like(joins_BL[:, :2]), ~joins_BL[:, 2:]], dim=1)
        numbers_BL = begins_BL.cumsum(1)
        return numbers_BL.masked_fill(text_BL == self._sep_id, _BOUNDARY).masked_fill(text_BL == self._pad_id, 0)


def _is_mark(token: str) -> bool:
    return len(token) == 1 and (token in _ASCII_MARKS or unicodedata.category(token).startswith("P"))
