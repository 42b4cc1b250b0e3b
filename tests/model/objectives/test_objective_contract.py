"""What every objective must do, by the folder."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from data.errors import UserError
from model import plugins
from model.batch import NOT_ASKED, Batch, Draws
from model.exercise import Exercise, dress
from model.facts import Facts
from model.feed import Exercises, Feed
from model.learner import Learner
from model.regions import Mapped
from model.specs import Corruption
from model.specs import Objective as ObjectiveSpec
from tests.model.tiny import TinySet
from tests.model.tiny_specs import tiny_network, tiny_stage

NAMES = plugins.names("objectives")
COMPARES = (
    "itc",
    "itc_momentum",
    "consistency",
    "itm_in_batch",
)  # rows with each other, which are all to match
MATCHES = ("itm_hs", "itm_in_batch")
ASKS_EVERY_ROW = ("itm_hs", "titp", "tits", *COMPARES)
DROPS = ("mim",)
OPTIONS = {"mim": {"layers": 1, "width": 8, "heads": 2}}
WITHOUT_WEIGHTS = ("itc", "itc_momentum", "consistency")  # what they teach is the network's


@pytest.fixture
def feed(name: str, tiny: TinySet, tiny_facts: Facts) -> Feed:
    """Of a stream that swaps images, where the objective takes mismatched pairs."""
    stream = dataclasses.replace(tiny_stage().streams[0], objectives=(ObjectiveSpec(name=name),))
    if name in COMPARES:
        stream = dataclasses.replace(stream, corruptions=stream.corruptions[1:])
    if name in DROPS:
        swap, *others = stream.corruptions
        dropping = Corruption(name="drop_patches", options={"rate": 0.5})
        stream = dataclasses.replace(stream, corruptions=(swap, dropping, *others))
    return Feed(stream, corpus=tiny.corpus, split="train", facts=tiny_facts, seed=1)


def learner(name: str, facts: Facts) -> Learner:
    spec = ObjectiveSpec(name=name, options=OPTIONS.get(name, {}))
    return Learner(tiny_network(dropout_rate=0.0), [spec], facts, seed=1)


def corrupted(feed: Feed, pupil: Learner, facts: Facts) -> Exercise:
    """The first batch in which something is asked by every corruption."""
    for epoch in range(100):
        for batch in feed.batches(epoch):
            if batch.masked_words_BL.any() and batch.masked_regions_BR.any() and (batch.triplets_BR >= 0).any():
                return dress(batch, pupil.ask(batch), Mapped(facts.store, "cpu"))
    raise AssertionError("no batch asks for everything")


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_finite_and_teaches_head_and_encoder(name: str, feed: Feed, tiny_facts: Facts) -> None:
    pupil = learner(name, tiny_facts)
    (loss,) = pupil.losses(corrupted(feed, pupil, tiny_facts))
    loss.backward()
    assert loss > 0
    assert loss.isfinite()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in pupil.head(name).parameters())
    is_taught = any(p.grad is not None and p.grad.abs().sum() > 0 for p in pupil.head(name).parameters())
    assert is_taught == (name not in WITHOUT_WEIGHTS)
    for part in ("embeddings.words.weight", "vision.features.weight"):
        gradient = pupil.encoder.get_parameter(part).grad
        assert gradient is not None
        assert gradient.abs().sum() > 0


def loss_of(batch: Batch, pupil: Learner, facts: Facts) -> float:
    """Its loss, once its gradients are in the parameters."""
    (loss,) = pupil.losses(dress(batch, pupil.ask(batch), Mapped(facts.store, "cpu")))
    loss.backward()
    return loss.item()


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_without_a_mask_a_triplet_or_a_topic_costs_nothing_or_what_no_topic_costs(
    name: str, feed: Feed, tiny_facts: Facts
) -> None:
    pupil = learner(name, tiny_facts)
    batch = feed.clean(np.arange(4))
    loss = loss_of(
        dataclasses.replace(batch, object_ids_BR=torch.full_like(batch.object_ids_BR, NOT_ASKED)), pupil, tiny_facts
    )
    gradients = [p.grad for p in pupil.parameters() if p.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients)
    if name in ASKS_EVERY_ROW:  # "none of these words is a topic" and "yes, they match" are answers as well
        assert loss > 0
        assert math.isfinite(loss)
    else:
        assert loss == 0.0
        assert not any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize("name", NAMES)
def test_mismatched_pairs_without_targets_cost_nothing_but_the_match(name: str, feed: Feed, tiny_facts: Facts) -> None:
    marked = feed.corrupted(feed.clean(np.arange(4)), Draws(seed=1, epoch=0))
    batch = marked.mismatched(torch.ones(4).bool(), have_targets=False)
    pupil = learner(name, tiny_facts)
    if name in COMPARES:
        with pytest.raises(UserError, match="pairs that match"):
            pupil.ask(batch)
        return
    loss = loss_of(batch, pupil, tiny_facts)
    assert (loss > 0) == (name == "itm_hs")
    gradients = [p.grad for p in pupil.parameters() if p.grad is not None]
    assert any(gradient.any() for gradient in gradients) == (name == "itm_hs")


@pytest.mark.parametrize("name", NAMES)
def test_a_row_without_targets_changes_nothing_for_the_others(name: str, feed: Feed, tiny_facts: Facts) -> None:
    pupil = learner(name, tiny_facts)
    batch = feed.corrupted(feed.clean(np.arange(6)), Draws(seed=1, epoch=0))
    three = feed.corrupted(feed.clean(np.arange(3)), Draws(seed=1, epoch=0))
    asked_B = torch.arange(6) < 3
    (loss,) = pupil.losses(
        dress(batch, pupil.ask(dataclasses.replace(batch, asked_B=asked_B)), Mapped(tiny_facts.store, "cpu"))
    )
    (alone,) = pupil.losses(dress(three, pupil.ask(three), Mapped(tiny_facts.store, "cpu")))
    assert (loss.item() == pytest.approx(alone.item(), rel=1e-5)) == (name not in MATCHES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_judged_beside_blind_predictors(name: str, feed: Feed, tiny_facts: Facts) -> None:
    pupil = learner(name, tiny_facts).eval()
    judge = pupil.head(name).judge()
    exercises = Exercises(feed, pupil.ask, Mapped(tiny_facts.store, "cpu"))
    with torch.no_grad():
        for exercise in exercises.batches(0):
            judge.learn(exercise.asks[name])
        for exercise in exercises.batches(1):
            judge.score(exercise.asks[name], exercise.shown, pupil.encoder(exercise.shown))
    result = judge.result()
    assert result.num_rows == 32
    assert result.blind
    assert all(math.isfinite(value) for value in (result.model, *result.blind.values()))
