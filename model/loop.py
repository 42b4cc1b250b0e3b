"""The one training loop, of stages and of fine-tuning: what is learnt is in a spec, where it stands in a checkpoint."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Generic

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from data import draws
from data.errors import UserError
from data.progress import Progress
from model import fast, flop, optimizers
from model.checkpoint import Checkpoints
from model.endings import Ending, EpochEnd, UpdateEnd
from model.gradients import Gradients
from model.journal import Journal
from model.learner import Outcome
from model.observer import Observer, Seen
from model.ranks import ALONE, Ranks
from model.specs import Budget
from model.supply import Supply
from model.updates import Batch, Update, Updates
from model.watch import Watch

LEADING_COLUMNS = ("learning_rate", "gradient_norm", "loss")
_READ_EVERY = {"cpu": 1, "cuda": 50}  # updates; to read is to wait for a GPU
_SHARE_OF_SAVING = 0.01  # of the time: a checkpoint that takes long comes less often


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The metrics of every step, (num_steps, columns) float64, and what this process did of it.

    `speed` has the medians of `model.watch.Speed`.
    """

    columns: tuple[str, ...]
    metrics: Tensor
    first_step: int
    num_rows: int
    speed: dict[str, float | None]


class Loop(Generic[Batch]):
    """Trains a learner, which has `losses(batch, names)`; `name` is for messages.

    Going on from a checkpoint gives the same bits as never stopping, in the mode `exact`.
    """

    def __init__(
        self,
        learner: nn.Module,
        updates: Updates[Batch],
        *,
        name: str,
        budget: Budget,
        ranks: Ranks = ALONE,
        rows_recorded: int | None = None,
        epoch_end: EpochEnd | None = None,
        update_end: UpdateEnd | None = None,
    ) -> None:
        """`rows_recorded`: passes of so many rows are recorded once and played again (model.fast), on a GPU."""
        self._name = name
        self._budget = budget
        self._learner = learner
        self._updates = updates
        self._ranks = ranks
        self._epoch_end = epoch_end
        self._update_end = update_end
        self._parameters = list(learner.parameters())
        self._optimizer = optimizers.build(budget.optimizer, self._parameters)
        self._gradients = Gradients(learner, updates.lanes, name=name, budget=budget, rows_recorded=rows_recorded)
        self.num_steps = budget.num_steps or updates.num_updates(budget.num_epochs or 0)
        self._journal = Journal(
            (*LEADING_COLUMNS, *_loss_columns(updates)),
            num_updates=self.num_steps,
            device=budget.device,
            read_every=_READ_EVERY[budget.device],
        )
        self._num_rows = 0
        self._flop_per_row: dict[str, float] = {}  # of each stream, once it is known
        self._rows: dict[int, tuple[tuple[str, NDArray[np.int64]], ...]] = {}  # of the updates that are not read yet

    def run(self, checkpoints: Checkpoints, *, record: Path, checkpoint_every_s: float, progress: Progress) -> Trained:
        """Train to the end of the budget, from the newest checkpoint on; what it looks like goes into `record`.

        Saves every `checkpoint_every_s`, at the end, and on SIGTERM, after which it leaves with exit code 143.
        """
        first = self._restore(checkpoints.newest())
        self._learner.train()
        place = record if self._ranks.is_first else record / f"rank-{self._ranks.rank}"
        watch = Watch(place, budget=self._budget)
        due_s = time.monotonic() + checkpoint_every_s
        supply = Supply(self._updates.starting_at(first, self.num_steps), device=self._budget.device)
        with _termination() as asked_to_stop, checkpoints, supply, closing(self._updates):
            for update in supply:
                self._update(update)
                self._count(update, watch)
                done = update.number + 1
                self._end_streams_epochs(update)
                self._end_epoch(done)
                stops = self._stops(done, asked_to_stop)
                if stops or done == self.num_steps or (self._ranks.is_first and time.monotonic() >= due_s):
                    self._read()
                    due_s = self._save(checkpoints, done, every_s=checkpoint_every_s)
                if stops:
                    checkpoints.wait()
                    sys.exit(128 + signal.SIGTERM)
                if self._journal.is_full:
                    self._read()
                if self._journal.is_read:
                    watch.tell(done, self._journal.last(), starved_s=supply.starved_seconds)
                loss = self._journal.last().get("loss", math.nan)
                message = f"step {done:,} of {self.num_steps:,}, loss {loss:.3f}{watch.line()}"
                progress(done / self.num_steps, message)
        return Trained(
            columns=self._journal.columns,
            metrics=self._journal.metrics,
            first_step=first,
            num_rows=self._num_rows,
            speed=watch.close(),
        )

    def _count(self, update: Update[Batch], watch: Watch) -> None:
        """Tell the watch what an update takes: of the passes of this rank."""
        total = 0.0
        for one in update.passes:
            if one.stream not in self._flop_per_row:
                with fast.uncompiled(self._budget):
                    flop_of_pass = flop.of_step(partial(self._gradients.losses, one))
                self._flop_per_row[one.stream] = flop_of_pass / len(one.batch.rows_B)
            total += self._flop_per_row[one.stream] * len(one.batch.rows_B)
        batches = [one.batch for one in update.passes]
        positions = sum(batch.num_positions for batch in batches)
        watch.count(rows=sum(len(batch.rows_B) for batch in batches), positions=positions, flop=total)

    def _update(self, update: Update[Batch]) -> None:
        """One update of the weights, and its row in the journal; nothing here waits for the device."""
        spec = self._budget.optimizer
        rate = optimizers.learning_rate(spec, step=update.number, num_steps=self.num_steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._rows[update.number] = update.rows
        self._num_rows += sum(len(rows_B) for _, rows_B in update.rows)
        torch.manual_seed(self._seed_of(update.number))
        if not self._gradients.are_recorded:
            self._optimizer.zero_grad()
        total, losses, outcomes = self._add_gradients(update)
        self._ranks.add_up_gradients(self._parameters, is_idle=update.is_idle)
        limit = math.inf if spec.clip_norm is None else spec.clip_norm
        norm = nn.utils.clip_grad_norm_(self._parameters, limit)
        self._optimizer.step()
        if self._update_end is not None:
            self._update_end(update.number + 1, outcomes)
        row = torch.cat([total.reshape(1), losses])
        self._ranks.add_up([row])
        self._journal.note(rate, torch.cat([norm.detach().double().reshape(1), row]))

    def _add_gradients(self, update: Update[Batch]) -> tuple[Tensor, Tensor, list[Outcome]]:
        """Add up the gradients of all passes.

        Returns the loss, each stream's losses, NaN where it has no turn, and what came of each pass.
        """
        total = torch.zeros((), dtype=torch.float64, device=self._budget.device)
        weights = self._gradients.weights
        sums = {stream: torch.zeros_like(weights[stream], dtype=torch.float64) for stream, _ in update.rows}
        seen: dict[str, list[Seen]] = {stream: [] for stream in update.epochs}
        outcomes: list[Outcome] = []
        for one in update.passes:
            loss, outcome = self._gradients.add(one)
            total += loss
            outcomes.append(outcome)
            sums[one.stream] += outcome.losses_N / one.num_batches
            seen[one.stream].append(Seen(start=one.start, image_BE=outcome.image_BE, text_BE=outcome.text_BE))
        self._observe(update, seen)
        blank = {stream: torch.full_like(each, math.nan).double() for stream, each in weights.items()}
        return total, torch.cat(list({**blank, **sums}.values())), outcomes

    def _observe(self, update: Update[Batch], seen: Mapping[str, Sequence[Seen]]) -> None:
        """Show the orders that observe what was seen of their streams; nothing here waits for the device."""
        for stream, epoch in update.epochs.items():
            observer = self._updates.lanes[stream].observer
            if observer is not None:
                batches = [rows_B for name, rows_B in update.rows if name == stream]
                observer.note(epoch, batches, seen[stream])

    def _end_streams_epochs(self, update: Update[Batch]) -> None:
        """Before the checkpoint, so that a checkpoint never needs an order that is not on the disk."""
        for stream in sorted(update.ends):
            observer = self._updates.lanes[stream].observer
            if observer is not None:
                self._read()
                observer.end_epoch(update.epochs[stream])

    def _seed_of(self, number: int) -> int:
        """What dropout's generator begins an update with, from (seed, update, rank), so that no state is kept."""
        key = np.array([self._ranks.rank], np.uint64)
        return int(draws.bits(self._budget.seed, number, key, "dropout", 1)[0, 0] >> np.uint64(1))

    def _end_epoch(self, done: int) -> None:
        """Before the checkpoint, so that a checkpoint never lacks the verdict on an epoch that it has finished."""
        if self._epoch_end is None:
            return
        epoch = self._updates.epochs_done(done)
        if epoch > self._updates.epochs_done(done - 1):
            self._epoch_end(epoch, done)
            self._learner.train()

    def _stops(self, done: int, asked_to_stop: Callable[[], bool]) -> bool:
        """Whether to stop after this update; all ranks agree, and ask each other only now and then."""
        if self._ranks.number == 1:
            return asked_to_stop()
        return done % _READ_EVERY[self._budget.device] == 0 and self._ranks.any(asked_to_stop())

    def _save(self, checkpoints: Checkpoints, done: int, *, every_s: float) -> float:
        """Save; returns when the next checkpoint is due."""
        if not self._ranks.is_first:
            return math.inf
        started_s = time.monotonic()
        checkpoints.save(done, self._state(done))
        now_s = time.monotonic()
        return now_s + (max(every_s, (now_s - started_s) / _SHARE_OF_SAVING) if every_s else 0.0)

    def _state(self, done: int) -> dict[str, Any]:
        return {
            "learner": self._learner.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "metrics": self._journal.metrics[:done],
            "orders": {name: observer.state() for name, observer in self._observers().items()},
            "endings": {name: ending.state_dict() for name, ending in self._endings().items()},
            "positions": self._updates.positions(done),
        }

    def _restore(self, state: dict[str, Any] | None) -> int:
        """Take up a checkpoint's state; returns the number of updates already made."""
        done = 0 if state is None else self._take_up(state)
        now, end = self._updates.positions(done), self._updates.positions(self.num_steps)
        for name, observer in self._observers().items():
            num_batches = self._updates.lanes[name].feed.num_batches()
            observer.begin(now[name] // num_batches, num_epochs=-(-end[name] // num_batches))
        return done

    def _endings(self) -> dict[str, Ending]:
        endings: dict[str, Ending | None] = {"epoch": self._epoch_end, "update": self._update_end}
        return {name: ending for name, ending in endings.items() if ending is not None}

    def _observers(self) -> dict[str, Observer]:
        lanes = self._updates.lanes
        return {name: lane.observer for name, lane in lanes.items() if lane.observer is not None}

    def _take_up(self, state: dict[str, Any]) -> int:
        done = int(state["step"])
        assert state["positions"] == self._updates.positions(done), "the streams stood elsewhere"
        self._learner.load_state_dict(state["learner"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._journal.begin(state["metrics"], done)
        for name, ending in self._endings().items():
            ending.load_state_dict(state["endings"][name])
        for name, observer in self._observers().items():
            observer.load_state(state["orders"][name])
        return done

    def _read(self) -> None:
        """Read the journal, and let orders see what was noted.

        Raises UserError where a loss is not finite: no checkpoint is written after that update.
        """
        bad = self._journal.read()
        if bad is not None:
            raise self._not_finite(bad)
        self._rows.clear()
        for observer in self._observers().values():
            observer.read()

    def _not_finite(self, step: int) -> UserError:
        row_ids = [
            row_id for stream, rows_B in self._rows[step] for row_id in self._updates.lanes[stream].feed.row_ids(rows_B)
        ]
        print(f"rows of the update with a loss that is not finite: {' '.join(row_ids)}", file=sys.stderr)
        values = zip(self._journal.columns[2:], self._journal.metrics[step, 2:].tolist(), strict=True)
        return UserError(
            expected="a finite loss",
            found=", ".join(f"{name} {value:.4g}" for name, value in values),
            where=f"{self._name}, step {step}, rows {', '.join(row_ids[:8])} (all {len(row_ids)} in the log)",
            way_out="lower the learning rate or set clip_norm; if it is these rows, look at their features",
        )


def _loss_columns(updates: Updates[Any]) -> list[str]:
    """A column for each loss; with the stream's name where there are several."""
    is_single = len(updates.lanes) == 1
    return [
        f"loss_{loss}" if is_single else f"loss_{stream}_{loss}"
        for stream, lane in updates.lanes.items()
        for loss in lane.weights
    ]


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
