"""The fast mode as far as a processor can tell: what a recording replaces, and the padding that it needs.

tests/model/test_gpu.py runs it on a GPU.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq
import pytest
from torch import Tensor

from data.progress import silent
from model import fast, gradients, train
from model.batch import each_tensor
from model.exercise import Exercise
from model.learner import Learner, Outcome
from model.specs import Budget, Mixing, Stage
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_network, tiny_stage, tiny_streams

NUM_STEPS = 9  # 32 rows in batches of 5: the seventh has 2


class Played:
    """Stands in for a recording: keeps the shapes it was given, and leaves gradients in place of those before."""

    shapes: ClassVar[list[int]] = []

    def __init__(
        self,
        learner: Learner,
        shares: Tensor,
        *,
        precision: Callable[[], AbstractContextManager[object]],
        like: Exercise,
        has_features: bool,
    ) -> None:
        self._learner, self._shares = learner, shares
        self._names = tuple(like.asks)

    def __call__(self, exercise: Exercise) -> Outcome:
        self.shapes.append(len(exercise.asks["mlm"][0].places_N))
        self._learner.zero_grad()
        outcome = self._learner.outcome(exercise, self._names)
        (outcome.losses_N * self._shares).sum().backward()  # type: ignore[no-untyped-call]
        return each_tensor(outcome, Tensor.detach)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> type[Played]:
    """As if there were a GPU."""

    def uncompiled(budget: Budget) -> AbstractContextManager[object]:
        return nullcontext()

    monkeypatch.setattr(Played, "shapes", [])
    monkeypatch.setattr(gradients, "RecordedStep", Played)
    monkeypatch.setattr(fast, "is_recorded", lambda budget: budget.mode == "fast")
    monkeypatch.setattr(fast, "uncompiled", uncompiled)
    monkeypatch.setattr(fast, "compile_layers", lambda encoder: None)
    return Played


def stage(**changes: Any) -> Stage:
    found = tiny_stage(num_steps=NUM_STEPS, **changes)
    return dataclasses.replace(found, budget=dataclasses.replace(found.budget, mode="fast"))


def losses(folder: Path, spec: Stage, tiny: TinySet) -> list[float]:
    train.train(str(write_job(folder, spec=spec, network=tiny_network(), inputs=tiny.inputs())), silent)
    found: list[float] = pq.read_table(folder / "result/metrics.parquet")["loss"].to_pylist()
    return found


def test_a_recorded_training_has_the_losses_of_an_ordinary_one(
    tiny: TinySet, tmp_path: Path, recorded: type[Played]
) -> None:
    ordinary = dataclasses.replace(stage(), budget=dataclasses.replace(stage().budget, mode="exact"))
    assert losses(tmp_path / "fast", stage(), tiny) == pytest.approx(
        losses(tmp_path / "exact", ordinary, tiny), rel=1e-5
    )
    assert len(recorded.shapes) == NUM_STEPS
    assert set(recorded.shapes) == {64}  # padded, the small batch too


def test_streams_that_share_updates_are_not_recorded(tiny: TinySet, tmp_path: Path, recorded: type[Played]) -> None:
    losses(tmp_path, stage(streams=tiny_streams(), mixing=Mixing(name="accumulate")), tiny)
    assert recorded.shapes == []


def test_micro_batches_are_not_recorded(tiny: TinySet, tmp_path: Path, recorded: type[Played]) -> None:
    (stream,) = stage().streams
    losses(tmp_path, stage(streams=(dataclasses.replace(stream, micro_batch_size=2),)), tiny)
    assert recorded.shapes == []
