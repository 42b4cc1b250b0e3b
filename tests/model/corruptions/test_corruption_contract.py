"""What every corruption must do, by the folder."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from data.errors import UserError
from model import plugins
from model.batch import Batch, Draws
from model.corruptions import Corruption
from model.facts import Facts
from model.feed import Feed
from tests.model.tiny import TinySet
from tests.model.tiny_specs import tiny_stage
from tests.model.worked import small_rows

NAMES = plugins.names("corruptions")
FULL = {"rate": 1.0}
MOST: dict[str, dict[str, Any]] = {"drop_patches": {"rate": 0.75}}  # where something must be left
HIDDEN = {  # corruption -> what it hides in the input, the truth, and where it asks
    "mask_words": ("text_BL", "true_text_BL", "masked_words_BL"),
    "drop_patches": ("sources_BR", "images_B", "places_BR"),
    "mask_regions": ("sources_BR", "true_sources_BR", "masked_regions_BR"),
    "shuffle_triplets": ("sources_BR", "true_sources_BR", "triplets_BR"),
    "swap_image": ("images_B", "images_B", "matched_B"),
    "swap_sentence": ("text_BL", "true_text_BL", "matched_B"),
}


SWAPS = ("swap_image", "swap_sentence")
ROWS = small_rows(*range(16), texts=[[2, 5 + image % 9, 3] for image in range(16)])


def corruption(name: str, facts: Facts, **options: Any) -> Corruption:
    built: Corruption = plugins.load("corruptions", name).build(
        {**FULL, **MOST.get(name, {}), **options}, facts=facts, rows=ROWS
    )
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
    if name not in SWAPS:  # they swap the truth as well: what they hide is that they did
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
    half = corruption(name, tiny_facts, rate=0.4)
    first = half(clean, Draws(seed=1, epoch=0))
    for other in (Draws(seed=1, epoch=1), Draws(seed=2, epoch=0)):
        where = HIDDEN[name][2]
        assert not torch.equal(columns(half(clean, other))[where], columns(first)[where])


@pytest.mark.parametrize("name", SWAPS)
def test_a_mismatched_pair_is_asked_about_what_it_shows_or_about_the_match_alone(
    name: str, clean: Batch, tiny_facts: Facts
) -> None:
    shown = corruption(name, tiny_facts, rate=0.5)(clean, Draws(seed=1, epoch=0))
    assert not shown.matched_B.all()
    assert shown.asked_B.all()
    none = corruption(name, tiny_facts, rate=0.5, swapped_targets="none")(clean, Draws(seed=1, epoch=0))
    assert torch.equal(none.asked_B, none.matched_B)
    assert torch.equal(none.matched_B, shown.matched_B)


@pytest.mark.parametrize("name", SWAPS)
def test_unknown_targets_are_refused_with_the_known_ones(name: str, tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="one of shown, none"):
        corruption(name, tiny_facts, swapped_targets="own")
