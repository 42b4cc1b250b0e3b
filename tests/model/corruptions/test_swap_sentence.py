"""Row 2 i and 2 i + 1 of the tiny set are of image i, which shows the objects i % 4 and (i // 4) % 4."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch

from model import plugins
from model.batch import Draws
from model.corruptions import mask_words, swap_sentence
from model.facts import Facts
from model.feed import Feed
from tests.model.tiny import TinySet
from tests.model.tiny_specs import tiny_network, tiny_stage
from tests.model.worked import small_batch, small_rows


@pytest.fixture
def feed(tiny: TinySet, tiny_facts: Facts) -> Feed:
    stream = dataclasses.replace(tiny_stage().streams[0], corruptions=())
    return Feed(stream, corpus=tiny.corpus, split="train", facts=tiny_facts, seed=1)


def test_words_are_those_of_the_text_shown_and_regions_stay(tiny_facts: Facts) -> None:
    # Two rows: image 0 with "dog", image 1 with "cat ball". Each can only get the other's text.
    rows = small_rows(0, 1, texts=[[2, 5, 3], [2, 6, 7, 3]])
    text_BL = torch.tensor([[2, 5, 3, 0], [2, 6, 7, 3]])
    batch = small_batch(num_rows=2, length=4, text_BL=text_BL, true_text_BL=text_BL, text_mask_BL=text_BL != 0)
    swapped = swap_sentence.build({"rate": 1.0}, facts=tiny_facts, rows=rows)(batch, Draws(seed=1, epoch=0))
    assert swapped.text_BL.tolist() == swapped.true_text_BL.tolist() == [[2, 6, 7, 3], [2, 5, 3, 0]]
    assert swapped.text_mask_BL.int().tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert swapped.matched_B.tolist() == [False, False]
    for column in ("images_B", "sources_BR", "boxes_BR4", "object_ids_BR", "attribute_ids_BR"):
        assert getattr(swapped, column) is getattr(batch, column)


def test_masked_words_and_topics_are_those_of_what_is_shown(tiny_facts: Facts) -> None:
    # Image 0 shows dogs and cats (labels 0 and 1), and gets "cat ball" for "dog".
    rows = small_rows(0, 1, texts=[[2, 5, 3], [2, 6, 7, 3]])
    text_BL = torch.tensor([[2, 5, 3, 0]])
    labels_BR = torch.tensor([[0, 1, 0]])
    batch = small_batch(
        length=4, text_BL=text_BL, true_text_BL=text_BL, text_mask_BL=text_BL != 0, object_ids_BR=labels_BR
    )
    draws = Draws(seed=1, epoch=0)
    swapped = swap_sentence.build({"rate": 1.0}, facts=tiny_facts, rows=rows)(batch, draws)
    masked = mask_words.build({"rate": 1.0, "mask_share": 1.0}, facts=tiny_facts, rows=rows)(swapped, draws)
    assert masked.text_BL.tolist() == [[2, 4, 4, 3]]
    mlm, tits = (
        plugins.load("objectives", name).build({}, network=tiny_network(), facts=tiny_facts) for name in ("mlm", "tits")
    )
    assert mlm.ask(masked)[0].targets_N.tolist() == [6, 7]
    assert tits.ask(masked)[0].targets_N.tolist() == [[14, 6, 14, 14]]  # of the cat alone; 14 is past the vocabulary


def test_every_text_of_another_image_comes_equally_often_and_none_of_its_own(tiny_facts: Facts) -> None:
    # Images out of order, with two, three and one texts; pieces 5 to 10 tell the texts apart.
    rows = small_rows(4, 2, 4, 2, 9, 2, texts=[[2, piece, 3] for piece in range(5, 11)])
    batch = small_batch(num_rows=3000, images_B=torch.full((3000,), 2))
    corrupt = swap_sentence.build({"rate": 1.0}, facts=tiny_facts, rows=rows)
    swapped = corrupt(batch, Draws(seed=1, epoch=0))
    found = Counter(swapped.text_BL[:, 1].tolist())
    assert set(found) == {5, 7, 9}
    assert all(abs(count / 3000 - 1 / 3) < 0.03 for count in found.values())


def test_half_are_swapped_and_the_rest_keep_their_text(feed: Feed, tiny_facts: Facts) -> None:
    corrupt = swap_sentence.build({}, facts=tiny_facts, rows=feed.rows)
    clean = feed.clean(np.arange(32))
    swaps = [corrupt(clean, Draws(seed=1, epoch=epoch)) for epoch in range(60)]
    assert abs(float(torch.stack([s.matched_B for s in swaps]).float().mean()) - 0.5) < 0.04
    stayed = swaps[0].matched_B
    assert torch.equal(swaps[0].text_BL[stayed], clean.text_BL[stayed])


def test_a_longer_text_is_cut_as_the_streams_own_are(tiny_facts: Facts) -> None:
    rows = small_rows(0, 1, texts=[[2, 5, 3], [2, 6, 7, 8, 9, 3]])
    batch = small_batch(length=4)
    swapped = swap_sentence.build({"rate": 1.0}, facts=tiny_facts, rows=rows)(batch, Draws(seed=1, epoch=0))
    assert swapped.text_BL.tolist() == [[2, 6, 7, 3]]


def test_a_split_of_one_image_is_never_swapped(tiny_facts: Facts) -> None:
    rows = small_rows(0, 0, texts=[[2, 5, 3], [2, 6, 3]])
    batch = small_batch()
    swapped = swap_sentence.build({"rate": 1.0}, facts=tiny_facts, rows=rows)(batch, Draws(seed=1, epoch=0))
    assert swapped.matched_B.tolist() == [True]
    assert torch.equal(swapped.text_BL, batch.text_BL)
