from __future__ import annotations

import torch

from model.batch import Draws
from model.corruptions import mask_words
from model.facts import Facts
from tests.model.worked import small_batch, small_rows


def test_shares_are_those_of_the_rule(tiny_facts: Facts) -> None:
    text_BL = torch.full((4000, 12), 5)
    batch = small_batch(
        num_rows=4000, length=12, text_BL=text_BL, true_text_BL=text_BL, text_mask_BL=torch.ones(4000, 12).bool()
    )
    masked = mask_words.build({}, facts=tiny_facts, rows=small_rows())(batch, Draws(seed=1, epoch=0))
    asked = masked.masked_words_BL
    assert abs(float(asked.float().mean()) - 0.15) < 0.006
    shown = masked.text_BL[asked]
    assert abs(float((shown == tiny_facts.mask_id).float().mean()) - 0.8) < 0.02
    # Of the 10 % random pieces one in nine is the piece itself: 9 entries of the vocabulary are no special ones.
    assert abs(float((shown == 5).float().mean()) - (0.1 + 0.1 / 9)) < 0.02
    assert torch.equal(masked.text_BL[~asked], text_BL[~asked])
    assert set(shown.tolist()) == {tiny_facts.mask_id, *range(5, 14)}


def test_the_whole_vocabulary_has_special_entries_too(tiny_facts: Facts) -> None:
    options = {"rate": 1.0, "mask_share": 0.0, "random_share": 1.0, "random_from": "vocabulary"}
    batch = small_batch(num_rows=50, length=6, text_BL=torch.full((50, 6), 7))
    masked = mask_words.build(options, facts=tiny_facts, rows=small_rows())(batch, Draws(seed=1, epoch=0))
    assert set(masked.text_BL.flatten().tolist()) == set(range(14))


def test_special_pieces_and_padding_are_never_asked(tiny_facts: Facts) -> None:
    text_BL = torch.tensor([[2, 1, 5, 3, 0]])
    batch = small_batch(length=5, text_BL=text_BL, true_text_BL=text_BL, text_mask_BL=text_BL != 0)
    corrupt = mask_words.build({"rate": 1.0}, facts=tiny_facts, rows=small_rows())
    masked = corrupt(batch, Draws(seed=1, epoch=0))
    assert masked.masked_words_BL.tolist() == [[False, False, True, False, False]]
    assert masked.text_BL[0, [0, 1, 3, 4]].tolist() == [2, 1, 3, 0]


def test_a_longer_padding_draws_the_same(tiny_facts: Facts) -> None:
    corrupt = mask_words.build({"rate": 0.5}, facts=tiny_facts, rows=small_rows())
    short = small_batch(num_rows=3, length=6, text_BL=torch.full((3, 6), 7))
    padded_BL = torch.nn.functional.pad(torch.full((3, 6), 7), (0, 5))
    long = small_batch(num_rows=3, length=11, text_BL=padded_BL, text_mask_BL=padded_BL != 0)
    masked_short, masked_long = corrupt(short, Draws(seed=4, epoch=2)), corrupt(long, Draws(seed=4, epoch=2))
    assert torch.equal(masked_long.text_BL[:, :6], masked_short.text_BL)
    assert torch.equal(masked_long.masked_words_BL[:, :6], masked_short.masked_words_BL)
