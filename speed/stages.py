"""A stage of the paper's curriculum with a batch size: its batches, its learner, and an update in any of the ways.

What speed/training_on_gpu.py measures.
"""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

import torch

from model import arithmetic, fast, flop, optimizers
from model.curricula.msp import PAPER, curriculum
from model.exercise import Exercise
from model.facts import Facts
from model.feed import Exercises, Feed
from model.learner import Learner
from model.regions import Features
from model.specs import Device, Network, Stage
from speed import training_set
from speed.run import Run
from speed.training_set import Grain, TrainingSet
from speed.variants import Variant

PLAIN = Variant()
_ROWS_COUNTED = 64

Step = Callable[[Exercise], torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much of everything: the paper's, or as much as a test bears."""

    network: Network = PAPER.network
    grains: Mapping[str, Grain] = field(default_factory=lambda: training_set.PAPER)
    num_images: int = training_set.NUM_PAPER_IMAGES
    batch_sizes: Mapping[str, int] = field(default_factory=lambda: {"token": 64, "phrase": 128, "sentence": 128})
    larger: tuple[int, ...] = (512, 1024)
    num_steps: int = 30  # of a way, measured
    num_real_steps: int = 2000
    roof_width: int = 8192
    minutes: float = 5.5


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One stage with one batch size: its feed, its learner, and the features that it is fed."""

    stage: Stage
    feed: Feed
    base: Learner
    features: Features

    @property
    def batch_size(self) -> int:
        """Rows of a batch."""
        return self.stage.streams[0].batch_size

    def exercises(self, variant: Variant) -> Exercises:
        """Its batches as a way wants them: padded where the step is recorded."""
        ask = fast.padding(self.feed.batches(0), self.base.ask) if variant.is_recorded else self.base.ask
        return Exercises(self.feed, ask, self.features)


@dataclass(frozen=True, kw_only=True)
class Fed:
    """What every stage reads."""

    made: TrainingSet
    facts: Facts
    features: Features


def bench_of(this: Run, size: Size, fed: Fed, name: str, batch_size: int, base: Learner | None = None) -> Bench:
    """A stage with one batch size; `base` is its learner if there is one already."""
    (stage,) = (s for s in curriculum(replace(PAPER, network=size.network), seed=1).stages if s.name == name)
    stream = replace(stage.streams[0], batch_size=batch_size)
    feed = Feed(stream, corpus=fed.made.corpus(name), split="train", facts=fed.facts, seed=1)
    learner = base or Learner(size.network, stream.all_objectives(), fed.facts, seed=1)
    bench = Bench(
        stage=replace(stage, streams=(stream,)), feed=feed, base=learner.to(this.device), features=fed.features
    )
    started = time.perf_counter()
    for _ in itertools.islice(bench.exercises(PLAIN).batches(0), 10):
        pass
    this.wait()
    this.keep(stage=name, batch=batch_size, feed_alone_ms=(time.perf_counter() - started) * 100)
    return bench


def step_of(bench: Bench, variant: Variant, device: Device, first: Exercise) -> Step:
    """One whole update in one way; its losses may be overwritten by the next. Call it while the way is active."""
    learner = copy.deepcopy(bench.base).train()
    optimizer = optimizers.build(PAPER.optimizer, learner.parameters())
    shares = torch.tensor([objective.weight for objective in bench.stage.streams[0].objectives], device=device)
    variant.compile(learner)
    precision = partial(arithmetic.precision_of, device, variant.precision)
    recorded = None
    if variant.is_recorded:
        recorded = fast.RecordedStep(learner, shares, precision=precision, like=first)

    def step(exercise: Exercise) -> torch.Tensor:
        if recorded is not None:
            losses = recorded(exercise).losses_N
        else:
            optimizer.zero_grad()
            with precision(), _stance(exercise.size < bench.batch_size):
                losses = learner.losses(exercise)
            (losses * shares).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return losses.detach()

    return step


def _stance(is_small: bool) -> AbstractContextManager[object]:
    """The smaller batch at the end of an epoch is not worth compiling for."""
    return torch.compiler.set_stance("force_eager") if is_small else nullcontext()


def num_operations(bench: Bench) -> float:
    """The operations of the matrix products of a step, without what padding adds; counted on some of its rows."""
    some = next(bench.exercises(PLAIN).batches(1)).part(slice(0, _ROWS_COUNTED))
    return flop.of_step(lambda: bench.base.losses(some)) / some.size * bench.batch_size
