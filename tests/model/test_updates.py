"""Which rows of which streams an update takes, on lanes of numbered rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from data.errors import UserError
from model import plugins
from model.observer import Observer
from model.order_files import OrderFiles
from model.orders.grit import build
from model.ranks import Ranks
from model.updates import Lane, Update, Updates
from tests.model.orders.test_grit import ordered


@dataclass(frozen=True)
class Rows:
    """A batch that is nothing but its rows."""

    rows_B: NDArray[np.int64]

    @property
    def num_positions(self) -> int:
        return len(self.rows_B)

    def part(self, rows: slice) -> Self:
        return type(self)(self.rows_B[rows])


@dataclass(frozen=True)
class Numbered:
    """Rows in their order, those of epoch e raised by 100 e."""

    num_rows: int
    batch_size: int

    def num_batches(self) -> int:
        return -(-self.num_rows // self.batch_size)

    def batches(self, epoch: int, *, start: int = 0) -> Iterator[Rows]:
        rows = np.arange(self.num_rows) + 100 * epoch
        for number in range(start, self.num_batches()):
            yield Rows(rows[number * self.batch_size : (number + 1) * self.batch_size])

    def row_ids(self, rows_B: NDArray[np.int64]) -> Sequence[str]:
        return [str(row) for row in rows_B.tolist()]


def lane(num_rows: int, batch_size: int, **changes: Any) -> Lane[Rows]:
    return Lane(feed=Numbered(num_rows, batch_size), weights={"mlm": 1.0}, **changes)


def updates(mixing: str, lanes: dict[str, Lane[Rows]], **changes: Any) -> Updates[Rows]:
    mixed = plugins.load("mixings", mixing).build({}, streams=tuple(lanes), seed=1)
    return Updates(lanes, mixed, **changes)


def said(update: Update[Rows]) -> list[tuple[str, list[int], float]]:
    return [(one.stream, one.batch.rows_B.tolist(), one.weight) for one in update.passes]


def test_a_stream_begins_anew_when_its_rows_are_used_up() -> None:
    found = updates("single", {"a": lane(5, 2)})
    rows = [update.passes[0].batch.rows_B.tolist() for update in found.starting_at(1, 5)]
    assert rows == [[2, 3], [4], [100, 101], [102, 103]]
    assert found.num_updates(2) == 6
    assert [found.epochs_done(update) for update in (0, 2, 3, 5, 6)] == [0, 0, 1, 1, 2]


def test_several_batches_of_an_update_count_as_their_mean() -> None:
    (update,) = updates("single", {"a": lane(4, 2, batches_per_update=2)}).starting_at(0, 1)
    assert said(update) == [("a", [0, 1], 0.5), ("a", [2, 3], 0.5)]


def test_micro_batches_are_parts_of_a_batch_that_each_count_in_full() -> None:
    (update,) = updates("single", {"a": lane(5, 5, micro_batch_size=2)}).starting_at(0, 1)
    assert said(update) == [("a", [0, 1], 1.0), ("a", [2, 3], 1.0), ("a", [4], 1.0)]


def test_accumulated_streams_stand_in_one_update_and_the_shorter_one_cycles() -> None:
    found = updates("accumulate", {"long": lane(6, 2), "short": lane(2, 2)})
    assert [said(update) for update in found.starting_at(1, 3)] == [
        [("long", [2, 3], 1.0), ("short", [100, 101], 1.0)],
        [("long", [4, 5], 1.0), ("short", [200, 201], 1.0)],
    ]
    assert found.num_updates(1) == 3
    assert updates("accumulate", {"long": lane(6, 2), "short": lane(2, 2)}, clock="short").num_updates(1) == 1
    assert updates("accumulate", {"long": lane(6, 2), "short": lane(2, 2)}, exhausted="stop").num_updates(1) == 1


@settings(deadline=None)
@given(
    num_rows=st.integers(1, 12),
    batch_size=st.integers(1, 6),
    micro=st.one_of(st.none(), st.integers(1, 3)),
    number=st.integers(1, 4),
)
def test_the_rows_of_all_ranks_are_those_of_one(num_rows: int, batch_size: int, micro: int | None, number: int) -> None:
    lanes = {"a": lane(num_rows, batch_size, micro_batch_size=micro)}
    alone = [update.rows[0][1].tolist() for update in updates("single", lanes).starting_at(0, 5)]
    shares = [
        [
            [row for one in update.passes for row in one.batch.rows_B.tolist()]
            for update in updates("single", lanes, ranks=Ranks(rank=rank, number=number)).starting_at(0, 5)
        ]
        for rank in range(number)
    ]
    assert [[*itertools.chain(*rows)] for rows in zip(*shares, strict=True)] == alone


def test_whole_batches_go_to_ranks_as_they_are() -> None:
    lanes = {"a": lane(8, 2, batches_per_update=2, is_whole=True)}
    found = [list(updates("single", lanes, ranks=Ranks(rank=rank, number=2)).starting_at(0, 1)) for rank in (0, 1)]
    assert [said(update) for (update,) in found] == [[("a", [0, 1], 0.5)], [("a", [2, 3], 0.5)]]


def observer() -> Observer:
    """Of an order that nobody asks anything of."""
    order = build({}, rows=ordered(10), batch_size=2, seed=1)
    files = OrderFiles(folder=Path(), row_ids=[], decided_by={})
    return Observer(order, label="a", files=files, ranks=Ranks(), device="cpu")


def test_where_an_order_observes_no_update_takes_batches_of_two_epochs() -> None:
    lanes = {"a": lane(10, 2, batches_per_update=2, is_whole=True, observer=observer())}  # 5 batches: 2, 2 and 1
    found = updates("single", lanes)
    taken = list(found.starting_at(1, 5))
    assert [said(update) for update in taken] == [
        [("a", [4, 5], 0.5), ("a", [6, 7], 0.5)],
        [("a", [8, 9], 1.0)],
        [("a", [100, 101], 0.5), ("a", [102, 103], 0.5)],
        [("a", [104, 105], 0.5), ("a", [106, 107], 0.5)],
    ]
    assert [(update.epochs, update.ends) for update in taken[1:3]] == [({"a": 0}, {"a"}), ({"a": 1}, set())]
    assert [found.positions(update)["a"] for update in range(5)] == [0, 2, 4, 5, 7]
    assert [found.epochs_done(update) for update in (2, 3, 5, 6)] == [0, 1, 1, 2]
    assert found.num_updates(2) == 6
    second = updates("single", lanes, ranks=Ranks(rank=1, number=2))
    assert [(said(update), update.is_idle) for update in second.starting_at(1, 3)] == [
        ([("a", [6, 7], 0.5)], False),
        ([], True),
    ]


def test_parts_know_where_their_rows_stand_among_those_of_their_stream() -> None:
    (update,) = updates("single", {"a": lane(6, 3, batches_per_update=2, micro_batch_size=2)}).starting_at(0, 1)
    assert [(one.start, len(one.batch.rows_B), one.num_batches) for one in update.passes] == [
        *((0, 2, 2), (2, 1, 2)),
        *((3, 2, 2), (5, 1, 2)),
    ]


def test_whole_batches_are_never_cut() -> None:
    with pytest.raises(UserError, match="micro_batch_size 1"):
        updates("single", {"a": lane(8, 2, micro_batch_size=1, is_whole=True)})
    with pytest.raises(UserError, match="batches_per_update 1 on 2 processes"):
        updates("single", {"a": lane(8, 2, is_whole=True)}, ranks=Ranks(rank=0, number=2))


def test_a_clock_that_is_no_stream_is_refused() -> None:
    with pytest.raises(UserError, match="'b'"):
        updates("single", {"a": lane(8, 2)}, clock="b")
