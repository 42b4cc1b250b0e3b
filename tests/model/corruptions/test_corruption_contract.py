"""What every corruption must do, by the folder."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from model import plugins
from model.batch import Batch, Draws
from model.corruptions import Corruption
from model.facts import Facts
from model.feed import Feed
from tests.model.tiny import TinySet, tiny_stage

NAMES = plugins.names("corruptions")
FULL = {"rate": 1.0}
HIDDEN = {  # corruption -> what it hides in the input, the truth, and where it asks
    "mask_words": ("text_BL", "true_text_BL", "masked_words_BL"),
    "mask_regions": ("sources_BR", "true_sources_BR", "masked_regions_BR"),
    "shuffle_triplets": ("sources_BR", "true_sources_BR", "triplets_BR"),
    "swap_image": ("images_B", "images_B", "matched_B"),
}


def corruption(name: str, facts: Facts) -> Corruption:
    built: Corruption = plugins.load("corruptions", name).build(FULL, facts=facts, images_S=np.arange(16))
    return built


@pytest.fixture
def clean(tiny: TinySet, tiny_facts: Facts) -> Batch:
    stream = dataclasses.replace(tiny_stage().streams[0], corruptions=())
    return Feed(stream, corpus=tiny.corpus, split="train", facts=tiny_facts, seed=1).clean(np.arange(32))


def columns(batch: Batch) -> dict[str, Tensor]:
    values = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
    tensors = {name: value for name, value in values.items() if isinstance(value, Tensor)}
    return {**tensors, "true_sources_BR": batch.true_sources()}


def test_every_corruption_is_under_this_contract() -> None:
    assert set(HIDDEN) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_in_its_column_and_not_in_the_input(name: str, clean: Batch, tiny_facts: Facts) -> None:
    corrupted = corruption(name, tiny_facts)(clean, Draws(seed=1, epoch=0))
    shown, truth, where = (columns(corrupted)[column] for column in HIDDEN[name])
    assert not torch.equal(shown, columns(clean)[HIDDEN[name][0]])
    assert not torch.equal(where, columns(clean)[HIDDEN[name][2]])
    if name != "swap_image":  # which swaps the truth as well: what it hides is that it did
        assert torch.equal(truth, columns(clean)[HIDDEN[name][1]])


@pytest.mark.parametrize("name", NAMES)
def test_the_input_batch_is_left_as_it_was(name: str, clean: Batch, tiny_facts: Facts) -> None:
    before = {column: value.clone() for column, value in columns(clean).items()}
    corruption(name, tiny_facts)(clean, Draws(seed=1, epoch=0))
    assert all(torch.equal(value, before[column]) for column, value in columns(clean).items())


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_corrupted_alike_in_any_batch(name: str, tiny: TinySet, tiny_facts: Facts) -> None:
    stream = dataclasses.replace(tiny_stage().streams[0], corruptions=())
    feed = Feed(stream, corpus=tiny.corpus, split="train", facts=tiny_facts, seed=1)
    corrupt, draws = corruption(name, tiny_facts), Draws(seed=9, epoch=4)
    together, alone = corrupt(feed.clean(np.array([3, 8, 21])), draws), corrupt(feed.clean(np.array([8])), draws)
    for column, value in columns(alone).items():
        assert torch.equal(columns(together)[column][1:2], value), column


@pytest.mark.parametrize("name", NAMES)
def test_another_epoch_or_seed_draws_anew(name: str, clean: Batch, tiny_facts: Facts) -> None:
    half: Corruption = plugins.load("corruptions", name).build({"rate": 0.4}, facts=tiny_facts, images_S=np.arange(16))
    first = half(clean, Draws(seed=1, epoch=0))
    for other in (Draws(seed=1, epoch=1), Draws(seed=2, epoch=0)):
        where = HIDDEN[name][2]
        assert not torch.equal(columns(half(clean, other))[where], columns(first)[where])
