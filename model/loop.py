"""The one training loop: what a stage does is in its spec, and where it stands is in its checkpoint."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn

from data.errors import UserError
from data.progress import Progress
from model import optimizers
from model.batch import Batch
from model.checkpoint import Checkpoints
from model.feed import Feed
from model.learner import Learner
from model.specs import Objective, Stage, Stream

LEADING_COLUMNS = ("learning_rate", "gradient_norm", "loss")


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The metrics of every step, (num_steps, columns) float64, and the step at which this process began."""

    columns: tuple[str, ...]
    metrics: Tensor
    first_step: int


class Loop:
    """Trains a learner on one stream. Going on from a checkpoint gives the same bits as never having stopped."""

    def __init__(self, stage: Stage, learner: Learner, feed: Feed) -> None:
        self._stage = stage
        self._learner = learner
        self._feed = feed
        self._stream = only_stream(stage)
        self._optimizer = optimizers.build(stage.budget.optimizer, learner.parameters())
        self.num_steps = stage.budget.num_steps or (stage.budget.num_epochs or 0) * feed.num_batches()
        self.columns = (*LEADING_COLUMNS, *(f"loss_{objective.name}" for objective in self._stream.objectives))
        self._metrics = torch.full((self.num_steps, len(self.columns)), math.nan, dtype=torch.float64)

    def run(self, checkpoints: Checkpoints, *, checkpoint_every_s: float, progress: Progress) -> Trained:
        """Train to the end of the budget, from the newest checkpoint on.

        Saves every `checkpoint_every_s`, at the end, and on SIGTERM, after which it leaves with exit code 143.
        """
        first = self._restore(checkpoints.newest())
        self._learner.train()
        saved_s = time.monotonic()
        with _termination() as asked_to_stop:
            for step, batch in enumerate(self._batches(first), start=first):
                self._metrics[step] = torch.tensor(self._update(step, batch), dtype=torch.float64)
                done = step + 1
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
                yield batch.to(self._stage.budget.device)
                step += 1

    def _update(self, step: int, batch: Batch) -> list[float]:
        """One update; returns the row of metrics."""
        spec = self._stage.budget.optimizer
        rate = optimizers.learning_rate(spec, step=step, num_steps=self.num_steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        losses = self._losses(batch)
        weights = torch.tensor([objective.weight for objective in self._stream.objectives], device=losses.device)
        total = (weights * losses).sum()
        row = [float(total.detach()), *losses.tolist()]
        if not math.isfinite(row[0]):
            raise self._not_finite(step, batch, row)
        self._optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        limit = math.inf if spec.clip_norm is None else spec.clip_norm
        norm = float(nn.utils.clip_grad_norm_(self._learner.parameters(), limit))
        self._optimizer.step()
        return [rate, norm, *row]

    def _losses(self, batch: Batch) -> Tensor:
        """The loss of each objective, in the stream's order."""
        output = self._learner.encoder(batch)
        objectives: Sequence[Objective] = self._stream.objectives
        return torch.stack([self._learner.head(objective.name).loss(batch, output) for objective in objectives])

    def _loss(self, step: int) -> float:
        return float(self._metrics[step, self.columns.index("loss")])

    def _state(self) -> dict[str, Any]:
        return {
            "learner": self._learner.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "metrics": self._metrics,
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if self._stage.budget.device == "cuda" else [],
        }

    def _restore(self, state: dict[str, Any] | None) -> int:
        """Take up a checkpoint's state; returns the number of updates already made."""
        if state is None:
            return 0
        self._learner.load_state_dict(state["learner"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._metrics = state["metrics"]
        torch.set_rng_state(state["random"])
        if state["random_cuda"]:
            torch.cuda.set_rng_state_all(state["random_cuda"])
        return int(state["step"])

    def _not_finite(self, step: int, batch: Batch, row: Sequence[float]) -> UserError:
        row_ids = [self._feed.rows.row_ids[number] for number in batch.rows_B.tolist()]
        print(f"rows of the batch with a loss that is not finite: {' '.join(row_ids)}", file=sys.stderr)
        first = ", ".join(row_ids[:8])
        names = ("loss", *(objective.name for objective in self._stream.objectives))
        return UserError(
            expected="a finite loss",
            found=", ".join(f"{name} {value:.4g}" for name, value in zip(names, row, strict=True)),
            where=f"stage {self._stage.name}, step {step}, rows {first} (all {len(row_ids)} in the log)",
            way_out="lower the learning rate or set clip_norm; if it is these rows, look at their features",
        )


def only_stream(stage: Stage) -> Stream:
    """The stream of a stage whose mixing is `single`. Raises UserError where there are more or none."""
    if len(stage.streams) != 1:
        raise UserError(
            expected="one stream, as its mixing is 'single'",
            found=str(len(stage.streams)),
            where=f"stage {stage.name}",
            way_out="give the stage one stream",
        )
    return stage.streams[0]


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
