"""Mask words: hides 15 % of the word pieces for MLM (BERT's rule; LXMERT masks single pieces, not whole words).

Legend: B rows, L word pieces, M word pieces that may replace another.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from model.batch import Batch, Draws
from model.corruptions import Corruption
from model.facts import Facts
from model.plugins import choose, read_options
from model.rows import Rows
from model.specs import Modality, Options

NEEDS: tuple[Modality, ...] = ("text",)


@dataclass(frozen=True, kw_only=True)
class MaskWords:
    """`rate` of the pieces are asked for; of these, shares become [MASK] or a random piece, the rest stay.

    `random_from`: the pieces that texts are made of (`words`), or the whole vocabulary (`vocabulary`), as LXMERT.
    """

    rate: float = 0.15
    mask_share: float = 0.8
    random_share: float = 0.1
    random_from: str = "words"


def build(options: Options, *, facts: Facts, rows: Rows) -> Corruption:
    """Never touches [CLS], [SEP], [PAD] or [UNK]; nothing can be learnt from the answer "[UNK]".

    Special entries are no words: a [SEP] in the middle or a [PAD] that is attended to is nothing that a text could
    hold, though LXMERT draws these as well.
    """
    settings = read_options(MaskWords, options, where="mask_words")
    specials = torch.tensor(facts.special_ids)
    words_M = choose(_POOLS, settings.random_from, where="mask_words, random_from")(facts)

    def corrupt(batch: Batch, draws: Draws) -> Batch:
        length = batch.text_BL.shape[1]
        # One slot for each decision: a draw then depends on its position alone, and not on the padded length.
        asked_BL = draws.uniform(batch, "mask_words.asked", length) < settings.rate
        asked_BL &= batch.text_mask_BL & ~torch.isin(batch.text_BL, specials)
        how_BL = draws.uniform(batch, "mask_words.how", length)
        random_BL = words_M[draws.integers(batch, "mask_words.random", len(words_M), length)]
        masked_BL = asked_BL & (how_BL < settings.mask_share)
        replaced_BL = asked_BL & ~masked_BL & (how_BL < settings.mask_share + settings.random_share)
        text_BL = batch.text_BL.masked_fill(masked_BL, facts.mask_id)
        text_BL = torch.where(replaced_BL, random_BL, text_BL)
        return dataclasses.replace(batch, text_BL=text_BL, masked_words_BL=asked_BL)

    return corrupt


def _words(facts: Facts) -> Tensor:
    return torch.tensor(sorted(set(range(facts.vocabulary_size)) - set(facts.special_ids)))


_POOLS: Mapping[str, Callable[[Facts], Tensor]] = {
    "words": _words,
    "vocabulary": lambda facts: torch.arange(facts.vocabulary_size),
}
