"""Judges every objective of a stage on validation rows, beside blind predictors that saw training rows only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch

from model import regions
from model.batch import Batch
from model.exercise import dress, dress_asks
from model.feed import Feed
from model.judging import Judge
from model.learner import Learner
from model.regions import Features, ImageStore

EPOCH = 10**6  # draws of its own, that no training epoch reaches
MAX_TRAIN_ROWS = 20_000  # a blind predictor is known well enough after these
MAX_HELD_OUT_ROWS = 5_000


def judge(
    learner: Learner,
    names: Sequence[str],
    *,
    train: Feed,
    validation: Feed,
    store: ImageStore,
    features: Features,
) -> Mapping[str, Any]:
    """What goes into held_out.json: for each objective named its metric, the model's and the blind predictors'.

    `features` are taken to the learner's device.
    """
    judges: dict[str, Judge] = {name: learner.head(name).judge() for name in names}
    learner.eval()
    with torch.no_grad():
        here = regions.features(store, "cpu")
        for batch in _first(train, MAX_TRAIN_ROWS):
            asks = dress_asks(batch, learner.ask(batch, names), here)
            for name, each in judges.items():
                each.learn(asks[name])
        for batch in _first(validation, MAX_HELD_OUT_ROWS):
            exercise = dress(batch, learner.ask(batch, names), features)
            for (shown, output), askers in zip(learner.outputs(exercise), exercise.asks_of, strict=True):
                for name in askers:
                    judges[name].score(exercise.asks[name], shown, output)
    return {name: asdict(each.result()) for name, each in judges.items()}


def _first(feed: Feed, num_rows: int) -> Iterator[Batch]:
    taken = 0
    for batch in feed.shuffled(EPOCH):
        yield batch
        taken += batch.size
        if taken >= num_rows:
            return
