"""What each update of the weights is made of: which rows of which streams, on which of several devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from model import mixings
from model.mixings import Mixing
from model.ranks import ALONE, Ranks


class Divisible(Protocol):
    """A mini-batch, of whatever kind the learner takes. What is asked is counted in the whole: its parts add up."""

    @property
    def rows_B(self) -> NDArray[np.int64]:  # noqa: N802  # a field of a frozen batch
        """Which rows it has, by number."""
        ...

    @property
    def num_positions(self) -> int:
        """How many word pieces and regions the network sees, padding included."""
        ...

    def part(self, rows: slice) -> Self:
        """Some of its rows."""
        ...


Batch = TypeVar("Batch", bound=Divisible)
Given = TypeVar("Given", bound=Divisible, covariant=True)


class Feed(Protocol[Given]):
    """Where mini-batches on the learner's device come from; any batch of any epoch can be made at once."""

    def num_batches(self) -> int:
        """How many batches an epoch has."""
        ...

    def batches(self, epoch: int, *, start: int = 0) -> Iterator[Given]:
        """The batches of an epoch, from number `start` on."""
        ...

    def row_ids(self, rows_B: NDArray[np.int64]) -> Sequence[str]:
        """The ids of some rows, for messages."""
        ...


@dataclass(frozen=True, kw_only=True)
class Lane(Generic[Batch]):
    """A stream as it is trained on. `weights` are those of its losses, by name.

    `is_whole`: its batches must not be cut, since a loss compares all rows of one, or an order grouped them.
    """

    feed: Feed[Batch]
    weights: Mapping[str, float]
    batches_per_update: int = 1
    micro_batch_size: int | None = None
    is_whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Pass(Generic[Batch]):
    """Rows that are on the device together; `weight` is what their losses count in the update."""

    stream: str
    batch: Batch
    weight: float


@dataclass(frozen=True, kw_only=True)
class Update(Generic[Batch]):
    """One update: its passes on this rank, and the rows of all ranks by stream. `is_idle`: some rank may have none."""

    number: int
    passes: tuple[Pass[Batch], ...]
    rows: tuple[tuple[str, NDArray[np.int64]], ...]
    is_idle: bool


class Updates(Generic[Batch]):
    """All updates of a training; any of them can be the first. Each rank has its share of the rows.

    `lanes` are the streams by name. The stream `clock` defines the epoch; where another `exhausted` its rows before, it
    begins anew or the training ends (model.specs.Mixing).
    """

    def __init__(
        self,
        lanes: Mapping[str, Lane[Batch]],
        mixing: Mixing,
        *,
        clock: str = "",
        exhausted: Literal["cycle", "stop"] = "cycle",
        ranks: Ranks = ALONE,
    ) -> None:
        self.lanes = lanes
        self._mixing = mixing
        self._clock = clock or next(iter(lanes))
        self._exhausted = exhausted
        self._ranks = ranks
        _hold_stream(self._clock, lanes)
        for name, lane in lanes.items():
            _hold_divisible(name, lane, ranks)

    def num_updates(self, num_epochs: int) -> int:
        """How many updates that many epochs have; the last one may begin the next epoch."""
        ending = self.lanes if self._exhausted == "stop" else (self._clock,)
        return min(self._until(name, num_epochs) for name in ending)

    def epochs_done(self, update: int) -> int:
        """How many whole epochs the updates before that one are."""
        return self.positions(update)[self._clock] // self.lanes[self._clock].feed.num_batches()

    def starting_at(self, first: int, end: int) -> Iterator[Update[Batch]]:
        """Updates `first` to `end`."""
        before = self.positions(first)
        batches = {name: _from(lane.feed, before[name]) for name, lane in self.lanes.items()}
        for number in range(first, end):
            passes: list[Pass[Batch]] = []
            rows: list[tuple[str, NDArray[np.int64]]] = []
            for turn in self._mixing.turns(number):
                lane = self.lanes[turn.stream]
                for place in range(lane.batches_per_update):
                    batch = next(batches[turn.stream])
                    rows.append((turn.stream, batch.rows_B))
                    weight = turn.weight / lane.batches_per_update
                    parts = self._parts(lane, batch, place)
                    passes += [Pass(stream=turn.stream, batch=part, weight=weight) for part in parts]
            is_idle = any(len(rows_B) < self._ranks.number for _, rows_B in rows)
            yield Update(number=number, passes=tuple(passes), rows=tuple(rows), is_idle=is_idle)

    def positions(self, update: int) -> dict[str, int]:
        """How many batches each stream gave before an update."""
        turns = self._mixing.positions(update)
        return {name: turns[name] * lane.batches_per_update for name, lane in self.lanes.items()}

    def _until(self, name: str, num_epochs: int) -> int:
        """The updates after which a stream has given all its rows that many times."""
        lane = self.lanes[name]
        num_turns = -(-num_epochs * lane.feed.num_batches() // lane.batches_per_update)
        return mixings.updates_until(self._mixing, name, num_turns)

    def _parts(self, lane: Lane[Batch], batch: Batch, place: int) -> Iterator[Batch]:
        """What this rank has of a batch, as many rows at once as the lane allows."""
        size = len(batch.rows_B)
        if lane.is_whole:
            mine = range(size if place % self._ranks.number == self._ranks.rank else 0)
        else:
            start, stop = (size * rank // self._ranks.number for rank in (self._ranks.rank, self._ranks.rank + 1))
            mine = range(start, stop)
        step = lane.micro_batch_size or max(len(mine), 1)
        for start in mine[::step]:
            rows = slice(start, min(start + step, mine.stop))
            yield batch if rows == slice(0, size) else batch.part(rows)


def _from(feed: Feed[Batch], position: int) -> Iterator[Batch]:
    """Batches without end from some position on: one epoch after another."""
    epoch, start = divmod(position, feed.num_batches())
    while True:
        yield from feed.batches(epoch, start=start)
        epoch, start = epoch + 1, 0


def _hold_divisible(name: str, lane: Lane[Any], ranks: Ranks) -> None:
    """Raise UserError where batches that are to stay whole would have to be cut."""
    if not lane.is_whole:
        return
    if lane.micro_batch_size is not None:
        raise UserError(
            expected=f"whole batches of the stream {name}: a loss compares all rows of one, or its order groups them",
            found=f"micro_batch_size {lane.micro_batch_size}",
            where=f"the stream {name}",
            way_out="leave micro_batch_size out, and make batch_size smaller where memory is short",
        )
    if lane.batches_per_update % ranks.number:
        raise UserError(
            expected=f"as many whole batches of the stream {name} an update as there are processes, or a multiple",
            found=f"batches_per_update {lane.batches_per_update} on {ranks.number} processes",
            where=f"the stream {name}",
            way_out=f"set batches_per_update to a multiple of {ranks.number}",
        )


def _hold_stream(clock: str, lanes: Mapping[str, Any]) -> None:
    if clock not in lanes:
        raise UserError(
            expected=f"one of the streams: {', '.join(lanes)}",
            found=repr(clock),
            where="the mixing's clock",
            way_out="name one of them, or none for the first",
        )
