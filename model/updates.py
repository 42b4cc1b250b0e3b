"""What each update of the weights is made of: which rows of which streams, on which of several devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from model import mixings
from model.mixings import Mixing, Turn
from model.observer import Observer
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

    `is_whole`: its batches must not be cut, since a loss compares all rows of one, or an order grouped them. With an
    `observer` no update takes batches of two epochs: the last one of an epoch may take fewer. `is_taught`: a loss rests
    on a teacher.
    """

    feed: Feed[Batch]
    weights: Mapping[str, float]
    batches_per_update: int = 1
    micro_batch_size: int | None = None
    is_whole: bool = False
    observer: Observer | None = None
    is_taught: bool = False

    def batches_before(self, turns: int) -> int:
        """How many batches the stream gave before its turn of that number."""
        if self.observer is None:
            return turns * self.batches_per_update
        epoch, turn = divmod(turns, self._turns_per_epoch())
        return epoch * self.feed.num_batches() + turn * self.batches_per_update

    def turns_until(self, num_batches: int) -> int:
        """The turns that it takes to give so many batches."""
        if self.observer is None:
            return -(-num_batches // self.batches_per_update)
        epochs, batches = divmod(num_batches, self.feed.num_batches())
        return epochs * self._turns_per_epoch() + -(-batches // self.batches_per_update)

    def _turns_per_epoch(self) -> int:
        return -(-self.feed.num_batches() // self.batches_per_update)


@dataclass(frozen=True, kw_only=True)
class Pass(Generic[Batch]):
    """Rows that are on the device together; `weight` is what their losses count in the update.

    `num_batches` is how many batches of its stream the update has, `start` where its rows stand among theirs.
    """

    stream: str
    batch: Batch
    weight: float
    num_batches: int
    start: int


@dataclass(frozen=True, kw_only=True)
class Update(Generic[Batch]):
    """One update: its passes on this rank, and the rows of all ranks, batch by batch, with their stream.

    `is_idle`: some rank may have none. `epochs` has the epoch of each stream's last batch, `ends` the streams of which
    that batch ends an epoch.
    """

    number: int
    passes: tuple[Pass[Batch], ...]
    rows: tuple[tuple[str, NDArray[np.int64]], ...]
    is_idle: bool
    epochs: Mapping[str, int]
    ends: frozenset[str]


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
            after = self.positions(number + 1)
            turns = self._mixing.turns(number)
            taken = {
                turn.stream: [next(batches[turn.stream]) for _ in range(before[turn.stream], after[turn.stream])]
                for turn in turns
            }
            yield self._update(number, turns, taken, after)
            before = after

    def positions(self, update: int) -> dict[str, int]:
        """How many batches each stream gave before an update."""
        turns = self._mixing.positions(update)
        return {name: lane.batches_before(turns[name]) for name, lane in self.lanes.items()}

    def close(self) -> None:
        """Let nobody wait any longer for an order that is not known yet."""
        for lane in self.lanes.values():
            if lane.observer is not None:
                lane.observer.close()

    def _until(self, name: str, num_epochs: int) -> int:
        """The updates after which a stream has given all its rows that many times."""
        lane = self.lanes[name]
        return mixings.updates_until(self._mixing, name, lane.turns_until(num_epochs * lane.feed.num_batches()))

    def _update(
        self, number: int, turns: Sequence[Turn], taken: Mapping[str, Sequence[Batch]], after: Mapping[str, int]
    ) -> Update[Batch]:
        """An update of the batches taken; `after` it the streams gave so many."""
        num_batches = {name: self.lanes[name].feed.num_batches() for name in taken}
        rows = tuple((name, batch.rows_B) for name, batches in taken.items() for batch in batches)
        lacks_batches = any(self.lanes[name].is_whole and len(taken[name]) < self._ranks.number for name in taken)
        return Update(
            number=number,
            passes=tuple(one for turn in turns for one in self._passes(turn, taken[turn.stream])),
            rows=rows,
            is_idle=lacks_batches or any(len(rows_B) < self._ranks.number for _, rows_B in rows),
            epochs={name: (after[name] - 1) // num_batches[name] for name in taken},
            ends=frozenset(name for name in taken if after[name] % num_batches[name] == 0),
        )

    def _passes(self, turn: Turn, batches: Sequence[Batch]) -> Iterator[Pass[Batch]]:
        """What this rank has of a stream's batches, as many rows at once as the lane allows."""
        start = 0
        for place, batch in enumerate(batches):
            size = len(batch.rows_B)
            for rows in self._parts(self.lanes[turn.stream], size, place):
                yield Pass(
                    stream=turn.stream,
                    batch=batch if rows == slice(0, size) else batch.part(rows),
                    weight=turn.weight / len(batches),
                    num_batches=len(batches),
                    start=start + rows.start,
                )
            start += size

    def _parts(self, lane: Lane[Batch], size: int, place: int) -> Iterator[slice]:
        """The rows of a batch of that size that this rank has, as many at once as the lane allows."""
        if lane.is_whole:
            mine = range(size if place % self._ranks.number == self._ranks.rank else 0)
        else:
            start, stop = (size * rank // self._ranks.number for rank in (self._ranks.rank, self._ranks.rank + 1))
            mine = range(start, stop)
        step = lane.micro_batch_size or max(len(mine), 1)
        for start in mine[::step]:
            yield slice(start, min(start + step, mine.stop))


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
