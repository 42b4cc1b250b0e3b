"""What every objective must do, by the folder."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from model import plugins
from model.exercise import Exercise, dress
from model.facts import Facts
from model.feed import Exercises, Feed
from model.learner import Learner
from model.regions import Mapped
from model.specs import Objective as ObjectiveSpec
from tests.model.tiny import TinySet, tiny_network, tiny_stage

NAMES = plugins.names("objectives")


@pytest.fixture(scope="module")
def feed(tiny: TinySet, tiny_facts: Facts) -> Feed:
    return Feed(tiny_stage().streams[0], corpus=tiny.corpus, split="train", facts=tiny_facts, seed=1)


def learner(name: str, facts: Facts) -> Learner:
    return Learner(tiny_network(dropout_rate=0.0), [ObjectiveSpec(name=name)], facts, seed=1)


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
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in pupil.head(name).parameters())
    for part in ("embeddings.words.weight", "vision.features.weight"):
        gradient = pupil.encoder.get_parameter(part).grad
        assert gradient is not None
        assert gradient.abs().sum() > 0


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"titp", "tits", "itm_hs"}))
def test_a_batch_that_asks_nothing_costs_exactly_nothing(name: str, feed: Feed, tiny_facts: Facts) -> None:
    pupil = learner(name, tiny_facts)
    batch = feed.clean(np.arange(4))
    (loss,) = pupil.losses(dress(batch, pupil.ask(batch), Mapped(tiny_facts.store, "cpu")))
    loss.backward()
    assert loss.item() == 0.0
    assert all(p.grad is None or not p.grad.any() for p in pupil.parameters())


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
