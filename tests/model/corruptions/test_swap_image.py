"""Image i of the tiny set shows the objects i % 4 and (i // 4) % 4; image 0 has no neighbours, 1 has only 2."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from data.errors import UserError
from model import plugins
from model.batch import Draws
from model.corruptions import swap_image
from model.facts import Facts
from model.feed import Feed
from tests.model.tiny import TinySet
from tests.model.tiny_specs import tiny_network, tiny_stage
from tests.model.worked import small_rows


@pytest.fixture
def feed(tiny: TinySet, tiny_facts: Facts) -> Feed:
    stream = dataclasses.replace(tiny_stage().streams[0], corruptions=())
    return Feed(stream, corpus=tiny.corpus, split="train", facts=tiny_facts, seed=1)


def test_everything_that_speaks_of_the_image_follows_the_one_shown(feed: Feed, tiny_facts: Facts) -> None:
    # Row 2 of the corpus is of image 1, "a cat and a dog"; its one hard negative is image 2, a ball and a dog.
    swapped = swap_image.build({"rate": 1.0}, facts=tiny_facts, rows=feed.rows)(
        feed.clean(np.array([2])), Draws(seed=1, epoch=0)
    )
    assert swapped.images_B.tolist() == [2]
    assert swapped.matched_B.tolist() == [False]
    assert swapped.object_ids_BR.tolist() == [[2, 2, 2, 0, 0, 0]]
    assert swapped.attribute_ids_BR.tolist() == [[1, 1, 1, -1, -1, -1]]
    store = tiny_facts.store
    assert swapped.sources_BR.tolist() == [[12, 13, 14, 15, 16, 17]]
    assert torch.equal(swapped.true_sources(), swapped.sources_BR)
    assert torch.equal(swapped.boxes_BR4[0], torch.from_numpy(store.boxes_NR4[2]))
    # [CLS] a cat and a dog [SEP]: the cat is gone, the dog is still a label.
    tits = plugins.load("objectives", "tits").build({}, network=tiny_network(), facts=tiny_facts)
    assert tits.ask(swapped)[0].targets_N[0, :7].tolist() == [14, 14, 14, 14, 14, 5, 14]


def test_without_a_hard_negative_it_is_another_image_of_the_split(feed: Feed, tiny_facts: Facts) -> None:
    corrupt = swap_image.build({"rate": 1.0}, facts=tiny_facts, rows=feed.rows)
    drawn = {int(corrupt(feed.clean(np.array([0])), Draws(seed=1, epoch=e)).images_B[0]) for e in range(200)}
    assert drawn == set(range(1, 16))


def test_hard_negatives_come_from_the_top_of_the_list(feed: Feed, tiny_facts: Facts) -> None:
    row = np.array([6])  # image 3, whose neighbours are 4 and 5
    every = swap_image.build({"rate": 1.0}, facts=tiny_facts, rows=feed.rows)
    first = swap_image.build({"rate": 1.0, "num_negatives": 1}, facts=tiny_facts, rows=feed.rows)
    assert {int(every(feed.clean(row), Draws(seed=1, epoch=e)).images_B[0]) for e in range(60)} == {4, 5}
    assert {int(first(feed.clean(row), Draws(seed=1, epoch=e)).images_B[0]) for e in range(60)} == {4}


def test_half_are_swapped_and_the_rest_stay_whole(feed: Feed, tiny_facts: Facts) -> None:
    corrupt = swap_image.build({}, facts=tiny_facts, rows=feed.rows)
    clean = feed.clean(np.arange(32))
    swaps = [corrupt(clean, Draws(seed=1, epoch=epoch)) for epoch in range(60)]
    assert abs(float(torch.stack([s.matched_B for s in swaps]).float().mean()) - 0.5) < 0.04
    stayed = swaps[0].matched_B
    assert torch.equal(swaps[0].images_B[stayed], clean.images_B[stayed])
    assert torch.equal(swaps[0].object_ids_BR[stayed], clean.object_ids_BR[stayed])
    assert (swaps[0].images_B[~stayed] != clean.images_B[~stayed]).all()


def test_a_split_of_one_image_is_never_swapped(feed: Feed, tiny_facts: Facts) -> None:
    corrupt = swap_image.build({"rate": 1.0}, facts=tiny_facts, rows=small_rows(0))
    assert corrupt(feed.clean(np.array([0])), Draws(seed=1, epoch=0)).matched_B.tolist() == [True]


def test_a_job_without_hard_negatives_is_told_so(tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="hard_negatives"):
        swap_image.build({}, facts=dataclasses.replace(tiny_facts, neighbours_NK=None), rows=small_rows(0))


def test_a_number_of_negatives_below_zero_is_refused(tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="or 0; found -1"):
        swap_image.build({"num_negatives": -1}, facts=tiny_facts, rows=small_rows(0))


def test_without_negatives_it_is_any_other_image_and_none_need_be_given(feed: Feed, tiny_facts: Facts) -> None:
    # Image 3 has neighbours, which are not asked for.
    facts = dataclasses.replace(tiny_facts, neighbours_NK=None)
    corrupt = swap_image.build({"rate": 1.0, "num_negatives": 0}, facts=facts, rows=feed.rows)
    drawn = {int(corrupt(feed.clean(np.array([6])), Draws(seed=1, epoch=e)).images_B[0]) for e in range(200)}
    assert drawn == set(range(16)) - {3}
