"""The gradients of a pass: computed as it is, or played from a recording; and what to do where memory ends."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Generic

import torch
from torch import Tensor, nn

from model import arithmetic, room
from model.batch import each_tensor
from model.exercise import Exercise
from model.fast import RecordedStep
from model.learner import Outcome
from model.specs import Budget
from model.updates import Batch, Lane, Pass


class Gradients(Generic[Batch]):
    """Adds up the gradients of a learner, which has `losses(batch, names)`; `name` is for messages.

    `weights` are those of each stream's losses, on the device. Passes of `rows_recorded` rows are recorded once.
    """

    def __init__(
        self,
        learner: nn.Module,
        lanes: Mapping[str, Lane[Batch]],
        *,
        name: str,
        budget: Budget,
        rows_recorded: int | None,
    ) -> None:
        self.weights = {
            stream: torch.tensor(list(lane.weights.values()), device=budget.device) for stream, lane in lanes.items()
        }
        self._learner = learner
        self._lanes = lanes
        self._name = name
        self._budget = budget
        self._rows_recorded = rows_recorded
        self._recorded: RecordedStep | None = None

    @property
    def are_recorded(self) -> bool:
        """Whether each pass leaves its gradients in place of those that were there."""
        return self._recorded is not None

    def add(self, one: Pass[Batch]) -> tuple[Tensor, Outcome]:
        """Add those of a pass; returns its share of the loss, and what came of it.

        Raises UserError where memory is short, with the number of rows that fit.
        """
        try:
            return self._add(one)
        except RuntimeError as error:
            if not room.is_out_of_memory(error):
                raise
        self._learner.zero_grad()

        def attempt(num_rows: int) -> None:
            self._add(dataclasses.replace(one, batch=one.batch.part(slice(0, num_rows))))

        raise room.no_room(attempt, num_rows=len(one.batch.rows_B), where=f"{self._name}, {one.stream}")

    def losses(self, one: Pass[Batch]) -> Tensor:
        """The losses of a pass, at the budget's precision."""
        return self._outcome(one).losses_N

    def _add(self, one: Pass[Batch]) -> tuple[Tensor, Outcome]:
        if self._recorded is not None or len(one.batch.rows_B) == self._rows_recorded:
            return self._play(one)
        outcome = self._outcome(one)
        loss = (self.weights[one.stream] * outcome.losses_N).sum() * one.weight
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), each_tensor(outcome, Tensor.detach)

    def _play(self, one: Pass[Batch]) -> tuple[Tensor, Outcome]:
        """As `_add`, by a recording."""
        assert isinstance(one.batch, Exercise), "only exercises are recorded"
        weights = self.weights[one.stream]
        if self._recorded is None:
            precision = partial(arithmetic.precision_of, self._budget.device, self._budget.precision)
            has_features = self._lanes[one.stream].observer is not None
            self._recorded = RecordedStep(
                self._learner, weights, precision=precision, like=one.batch, has_features=has_features
            )
        outcome = each_tensor(self._recorded(one.batch), torch.clone)
        return (weights * outcome.losses_N).sum(), outcome

    def _outcome(self, one: Pass[Batch]) -> Outcome:
        """What comes of a pass: its losses, and features where an order or a teacher needs them."""
        lane = self._lanes[one.stream]
        names = tuple(lane.weights)
        with arithmetic.precision_of(self._budget.device, self._budget.precision):
            if lane.observer is None and not lane.is_taught:
                return Outcome(losses_N=self._learner.losses(one.batch, names))  # type: ignore[operator]
            has_features = lane.observer is not None
            outcome: Outcome = self._learner.outcome(one.batch, names, has_features=has_features)  # type: ignore[operator]
        return outcome
