"""The one training loop, of stages and of fine-tuning: what is learnt is in a spec, where it stands in a checkpoint."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from data.errors import UserError
from data.progress import Progress
from model import optimizers
from model.checkpoint import Checkpoints
from model.specs import Budget
from model.supply import Supply

LEADING_COLUMNS = ("learning_rate", "gradient_norm", "loss")


Batch = TypeVar("Batch")  # of whatever kind the learner takes


class Feed(Protocol[Batch]):
    """Where mini-batches on the learner's device come from; any batch of any epoch can be made at once."""

    def num_batches(self) -> int:
        """How many batches an epoch has."""
        ...

    def batches(self, epoch: int, *, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from number `start` on."""
        ...

    def row_ids(self, batch: Batch) -> Sequence[str]:
        """The ids of a batch's rows, for messages."""
        ...


class EpochEnd(Protocol):
    """What is asked after every whole epoch; its state is part of the checkpoint."""

    def __call__(self, epoch: int, step: int) -> None:
        """Called after the last of an epoch's updates: epochs count from 1, `step` is the updates made."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that a process which goes on must know."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        ...


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The metrics of every step, (num_steps, columns) float64, and the step at which this process began."""

    columns: tuple[str, ...]
    metrics: Tensor
    first_step: int


class Loop(Generic[Batch]):
    """Trains a learner, which has `losses(batch)`. Going on from a checkpoint gives the same bits as never stopping.

    `weights` has the weight of each of the learner's losses, by name and in their order; `name` is for messages.
    """

    def __init__(
        self,
        learner: nn.Module,
        feed: Feed[Batch],
        *,
        name: str,
        budget: Budget,
        weights: Mapping[str, float],
        epoch_end: EpochEnd | None = None,
    ) -> None:
        self._name = name
        self._budget = budget
        self._learner = learner
        self._feed = feed
        self._weights = weights
        self._epoch_end = epoch_end
        self._optimizer = optimizers.build(budget.optimizer, learner.parameters())
        self.num_steps = budget.num_steps or (budget.num_epochs or 0) * feed.num_batches()
        self.columns = (*LEADING_COLUMNS, *(f"loss_{loss}" for loss in weights))
        self._metrics = torch.full((self.num_steps, len(self.columns)), math.nan, dtype=torch.float64)

    def run(self, checkpoints: Checkpoints, *, checkpoint_every_s: float, progress: Progress) -> Trained:
        """Train to the end of the budget, from the newest checkpoint on.

        Saves every `checkpoint_every_s`, at the end, and on SIGTERM, after which it leaves with exit code 143.
        """
        first = self._restore(checkpoints.newest())
        self._learner.train()
        saved_s = time.monotonic()
        supply = Supply(self._batches(first), device=self._budget.device)
        with _termination() as asked_to_stop, supply:
            for step, batch in enumerate(supply, start=first):
                self._metrics[step] = torch.tensor(self._update(step, batch), dtype=torch.float64)
                done = step + 1
                self._end_epoch(done)
                if asked_to_stop() or done == self.num_steps or time.monotonic() - saved_s >= checkpoint_every_s:
                    checkpoints.save(done, self._state())
                    saved_s = time.monotonic()
                if asked_to_stop():
                    sys.exit(128 + signal.SIGTERM)
                progress(done / self.num_steps, f"step {done:,} of {self.num_steps:,}, loss {self._loss(step):.3f}")
        return Trained(columns=self.columns, metrics=self._metrics, first_step=first)

    def _batches(self, first: int) -> Iterator[Batch]:
        """The batches of steps `first` to the end: epochs one after the other, entered anywhere."""
        per_epoch = self._feed.num_batches()
        step = first
        while step < self.num_steps:
            for batch in self._feed.batches(step // per_epoch, start=step % per_epoch):
                if step == self.num_steps:
                    return
                yield batch
                step += 1

    def _update(self, step: int, batch: Batch) -> list[float]:
        """One update; returns the row of metrics."""
        spec = self._budget.optimizer
        rate = optimizers.learning_rate(spec, step=step, num_steps=self.num_steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        losses: Tensor = self._learner.losses(batch)  # type: ignore[operator]
        total = (torch.tensor(list(self._weights.values()), device=losses.device) * losses).sum()
        row = [float(total.detach()), *losses.tolist()]
        if not math.isfinite(row[0]):
            raise self._not_finite(step, batch, row)
        self._optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        limit = math.inf if spec.clip_norm is None else spec.clip_norm
        norm = float(nn.utils.clip_grad_norm_(self._learner.parameters(), limit))
        self._optimizer.step()
        return [rate, norm, *row]

    def _end_epoch(self, done: int) -> None:
        """Before the checkpoint, so that a checkpoint never lacks the verdict on an epoch that it has finished."""
        epoch, rest = divmod(done, self._feed.num_batches())
        if self._epoch_end is not None and rest == 0:
            self._epoch_end(epoch, done)
            self._learner.train()

    def _loss(self, step: int) -> float:
        return float(self._metrics[step, self.columns.index("loss")])

    def _state(self) -> dict[str, Any]:
        return {
            "learner": self._learner.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "metrics": self._metrics,
            "epochs": {} if self._epoch_end is None else self._epoch_end.state_dict(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if self._budget.device == "cuda" else [],
        }

    def _restore(self, state: dict[str, Any] | None) -> int:
        """Take up a checkpoint's state; returns the number of updates already made."""
        if state is None:
            return 0
        self._learner.load_state_dict(state["learner"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._metrics = state["metrics"]
        if self._epoch_end is not None:
            self._epoch_end.load_state_dict(state["epochs"])
        torch.set_rng_state(state["random"])
        if state["random_cuda"]:
            torch.cuda.set_rng_state_all(state["random_cuda"])
        return int(state["step"])

    def _not_finite(self, step: int, batch: Batch, row: Sequence[float]) -> UserError:
        row_ids = self._feed.row_ids(batch)
        print(f"rows of the batch with a loss that is not finite: {' '.join(row_ids)}", file=sys.stderr)
        first = ", ".join(row_ids[:8])
        return UserError(
            expected="a finite loss",
            found=", ".join(f"{name} {value:.4g}" for name, value in zip(("loss", *self._weights), row, strict=True)),
            where=f"{self._name}, step {step}, rows {first} (all {len(row_ids)} in the log)",
            way_out="lower the learning rate or set clip_norm; if it is these rows, look at their features",
        )


@contextmanager
def _termination() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM has come since the start of the block: it then ends after the step that is under way."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield lambda: bool(received)
    finally:
        signal.signal(signal.SIGTERM, before)
