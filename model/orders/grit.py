"""Grit: rows that were alike in the epoch before share a mini-batch (GRIT-VLP, Byun et al. 2022, section 3.2).

Features of images and texts are collected in a queue. When it is full its rows are shuffled and cut into search spaces.
Each is walked through (`model.grouping`); what the walk visits one after another is cut into mini-batches, which are
shuffled over the epoch. Every draw rests on (seed, epoch, row), so that nothing but what was observed is a state.

Legend: N rows, B rows of a mini-batch, Q rows of a queue, E width of features.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from data import draws
from data.errors import UserError
from model.awaited import Awaited
from model.feature_queue import FeatureQueue
from model.grouping import Batches, Floats, Tables, apart, cut, walk
from model.orders import Ordered
from model.orders.shuffle import Shuffle
from model.plugins import read_options
from model.specs import Options

Scope = Literal["global", "rank"]


@dataclass(frozen=True, kw_only=True)
class GritSettings:
    """Sizes in rows. `hardness`: the quantile of similarity that the walk goes to, 1 the most similar.

    `scope`: rows of all processes are grouped together, or those of each process apart; then `shuffle_scope` says
    whether mini-batches are shuffled over all processes, or stay with the one that had their rows. Epochs before
    `start_epoch` are shuffled. `reference_compat`: rows of one image may share a mini-batch, as in the published code.
    """

    queue: int = 48_000
    search_space: int = 1_920
    hardness: float = 1.0
    scope: Scope = "global"
    shuffle_scope: Scope = "global"
    start_epoch: int = 1
    reference_compat: bool = False


class Grit:
    """The order of one stream; one thread may wait for an epoch's mini-batches while another observes."""

    is_grouped: ClassVar[bool] = True
    has_like_lengths: ClassVar[bool] = False

    def __init__(self, settings: GritSettings, *, rows: Ordered, batch_size: int, seed: int) -> None:
        self._settings = settings
        self._rows = rows
        self._batch_size = batch_size
        self._seed = seed
        self._shuffle = Shuffle(num_rows=rows.num_rows, batch_size=batch_size, seed=seed)
        self._tables = Tables()
        self._known: Awaited[Sequence[NDArray[np.int64]]] = Awaited()
        self._queues: dict[int, FeatureQueue] = {}  # by process, or all in one
        self._grouped: dict[int, Batches] = {}  # the mini-batches so far, likewise

    def num_batches(self) -> int:
        """The number of mini-batches of an epoch."""
        return self._shuffle.num_batches()

    def batches(self, epoch: int) -> Sequence[NDArray[np.int64]]:
        """The mini-batches of an epoch, as soon as they are known."""
        return self._shuffle.batches(epoch) if epoch < self._settings.start_epoch else self._known.take(epoch)

    def is_observed(self, epoch: int) -> bool:
        """Whether features of an epoch decide the next one's order."""
        return epoch + 1 >= self._settings.start_epoch

    def observe(
        self, rows_B: NDArray[np.int64], image_BE: Floats, text_BE: Floats, *, for_epoch: int, rank: int
    ) -> None:
        """Add a mini-batch to the queue, and group what is in it when it is full."""
        _hold_finite(rows_B, image_BE, text_BE)
        origin = rank if self._settings.scope == "rank" else 0
        queue = self._queues.get(origin)
        if queue is None:
            num_rows = min(self._settings.queue, self._rows.num_rows)
            queue = self._queues[origin] = FeatureQueue.empty(num_rows, width=image_BE.shape[1])
        while len(rows_B):
            room = self._settings.queue - queue.num_rows
            queue.add(rows_B[:room], image_BE[:room], text_BE[:room])
            rows_B, image_BE, text_BE = rows_B[room:], image_BE[room:], text_BE[room:]
            if queue.num_rows == self._settings.queue:
                self._group(origin, for_epoch)

    def finish(self, epoch: int, *, num_ranks: int) -> Sequence[NDArray[np.int64]]:
        """Group what is left in the queues, however little; then shuffle all mini-batches."""
        for origin in sorted(self._queues):
            self._group(origin, epoch)
        grouped = {origin: self._grouped[origin] for origin in sorted(self._grouped)}
        self._queues, self._grouped = {}, {}
        num_rows = sum(len(rows_B) for batches in grouped.values() for rows_B in batches)
        assert num_rows == self._rows.num_rows, f"{num_rows} of {self._rows.num_rows} rows were observed"
        if not self._settings.reference_compat:
            grouped = {origin: apart(batches, self._rows.images_N) for origin, batches in grouped.items()}
        if self._settings.shuffle_scope == "global":
            return self._shuffled(list(itertools.chain(*grouped.values())), epoch)
        return _dealt({origin: self._shuffled(batches, epoch) for origin, batches in grouped.items()}, num_ranks)

    def take(self, epoch: int, batches: Sequence[NDArray[np.int64]] | None) -> None:
        """Let `batches` give these, or shuffled rows."""
        self._known.give(epoch, self._shuffle.batches(epoch) if batches is None else batches)

    def give_up(self) -> None:
        """End all waiting."""
        self._known.give_up()

    def decided_by(self) -> Mapping[str, Any]:
        """The settings, batch size and seed."""
        return {**asdict(self._settings), "batch_size": self._batch_size, "seed": self._seed}

    def state(self) -> dict[str, NDArray[Any]]:
        """The queues' content, and the mini-batches so far, which are all full or the last of their queue."""
        queues = [self._queues[origin] for origin in sorted(self._queues)]
        batches = [(origin, rows_B) for origin in sorted(self._grouped) for rows_B in self._grouped[origin]]
        return {
            "queues": np.array([[origin, self._queues[origin].num_rows] for origin in sorted(self._queues)], np.int64),
            "rows": _joined([queue.rows_Q[: queue.num_rows] for queue in queues], np.int64),
            "image": _joined([queue.image_QE[: queue.num_rows] for queue in queues], np.float32),
            "text": _joined([queue.text_QE[: queue.num_rows] for queue in queues], np.float32),
            "batches": np.array([[origin, len(rows_B)] for origin, rows_B in batches], np.int64),
            "grouped": _joined([rows_B for _, rows_B in batches], np.int64),
        }

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `state` gave."""
        self._queues, self._grouped = {}, {}
        start = 0
        for origin, num_rows in state["queues"].tolist():
            part = slice(start, start := start + num_rows)
            capacity = min(self._settings.queue, self._rows.num_rows)
            queue = self._queues[origin] = FeatureQueue.empty(capacity, width=state["image"].shape[1])
            queue.add(state["rows"][part], state["image"][part], state["text"][part])
        start = 0
        for origin, num_rows in state["batches"].tolist():
            self._grouped.setdefault(origin, []).append(state["grouped"][start : start + num_rows])
            start += num_rows

    def _group(self, origin: int, epoch: int) -> None:
        """Make mini-batches of what is in a queue, and empty it."""
        queue = self._queues[origin]
        rows_Q = queue.rows_Q[: queue.num_rows]
        images_N = None if self._settings.reference_compat else self._rows.images_N
        found = self._grouped.setdefault(origin, [])
        for space_M in cut(self._turns(rows_Q, epoch, "grit.rows"), self._settings.search_space):
            order_M = walk(
                queue.image_QE[space_M],
                queue.text_QE[space_M],
                None if images_N is None else images_N[rows_Q[space_M]],
                batch_size=self._batch_size,
                hardness=self._settings.hardness,
                tables=self._tables,
            )
            found += cut(rows_Q[space_M[order_M]], self._batch_size)
        queue.num_rows = 0

    def _shuffled(self, batches: Batches, epoch: int) -> Batches:
        firsts = np.array([rows_B[0] for rows_B in batches], np.int64)
        return [batches[turn] for turn in self._turns(firsts, epoch, "grit.batches").tolist()]

    def _turns(self, rows_Q: NDArray[np.int64], epoch: int, slot: str) -> NDArray[np.int64]:
        """The places of some rows in an order that (seed, epoch) draw."""
        drawn_Q = draws.bits(self._seed, epoch, self._rows.keys_N[rows_Q], slot, 1)[:, 0]
        return np.argsort(drawn_Q, kind="stable")


def _joined(arrays: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else np.empty((0, 0), dtype)


def _dealt(grouped: Mapping[int, Batches], num_ranks: int) -> Batches:
    """The mini-batches of all processes by turns: number n goes to process n % `num_ranks`."""
    hands: list[Batches] = [[] for _ in range(num_ranks)]
    for origin, batches in grouped.items():
        hands[origin % num_ranks] += batches
    return [rows_B for turn in itertools.zip_longest(*hands) for rows_B in turn if rows_B is not None]


def _hold_finite(rows_B: NDArray[np.int64], *features: Floats) -> None:
    if not all(np.isfinite(feature_BE).all() for feature_BE in features):
        raise UserError(
            expected="finite features of images and texts, by which rows are grouped",
            found="some that are not",
            where=f"order grit, among the rows {', '.join(map(str, rows_B[:8].tolist()))}",
            way_out="lower the learning rate or set clip_norm",
        )


def build(options: Options, *, rows: Ordered, batch_size: int, seed: int) -> Grit:
    """Raises UserError where sizes or scopes do not fit each other."""
    settings = read_options(GritSettings, options, where="order grit")
    _hold_sizes(settings, batch_size)
    scopes = (settings.scope, settings.shuffle_scope)
    if not set(scopes) <= set(get_args(Scope)) or scopes == ("global", "rank"):
        raise UserError(
            expected=f"scopes among {', '.join(get_args(Scope))}, and shuffle_scope rank only where scope is: "
            "a mini-batch of rows of all processes belongs to none of them",
            found=f"scope {settings.scope}, shuffle_scope {settings.shuffle_scope}",
            where="order grit",
            way_out="set shuffle_scope = global, or both to rank",
        )
    return Grit(settings, rows=rows, batch_size=batch_size, seed=seed)


def _hold_sizes(settings: GritSettings, batch_size: int) -> None:
    queue, space = settings.queue, settings.search_space
    if min(queue, space) < 1 or queue % space or space % batch_size:
        nearest = max(round(space / batch_size), 1) * batch_size
        raise UserError(
            expected="a queue of whole search spaces, and search spaces of whole mini-batches",
            found=f"queue {queue}, search_space {space}, batch_size {batch_size}",
            where="order grit",
            way_out=f"for instance search_space {nearest} and queue {max(round(queue / nearest), 1) * nearest}",
        )
    if not 0 <= settings.hardness <= 1 or settings.start_epoch < 1:
        raise UserError(
            expected="a hardness from 0 to 1, and a first epoch from 1 on: epoch 0 has nothing to be grouped by",
            found=f"hardness {settings.hardness}, start_epoch {settings.start_epoch}",
            where="order grit",
            way_out="leave them out for 1 and 1",
        )
