"""Mask words: hides 15 % of the word pieces for MLM (BERT's rule; LXMERT masks single pieces, not whole words).

Legend: B rows, L word pieces, M word pieces that may replace another.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch

from model.batch import Batch, Draws
from model.corruptions import Corruption
from model.facts import Facts
from model.plugins import read_options
from model.rows import Rows
from model.specs import Options


@dataclass(frozen=True, kw_only=True)
class MaskWords:
    """`rate` of the pieces are asked for; of these, shares become [MASK] or a random piece, the rest stay."""

    rate: float = 0.15
    mask_share: float = 0.8
    random_share: float = 0.1


def build(options: Options, *, facts: Facts, rows: Rows) -> Corruption:
    """Never touches [CLS], [SEP], [PAD] or [UNK]; nothing can be learnt from the answer "[UNK]".

    The random piece comes from the whole vocabulary without its special entries: LXMERT draws these too, but a [SEP]
    in the middle or a [PAD] that is attended to is not a word that a text could hold.
    """
    settings = read_options(MaskWords, options, where="mask_words")
    specials = torch.tensor(facts.special_ids)
    words_M = torch.tensor(sorted(set(range(facts.vocabulary_size)) - set(facts.special_ids)))

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
