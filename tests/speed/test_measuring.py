from __future__ import annotations

import itertools

import pytest

from speed import measuring
from speed.measuring import ProcessorTime, Row, Taken, Target, elsewhere, interleaved, table


def test_ways_take_turns_in_being_first_and_their_medians_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    done: list[str] = []
    lasts = {"slow": itertools.chain([100.0], [4.0, 9.0, 5.0]), "quick": itertools.chain([100.0], [1.0, 1.0, 7.0])}

    def work(name: str) -> None:
        nonlocal now
        done.append(name)
        now += next(lasts[name])

    monkeypatch.setattr(measuring.time, "perf_counter", lambda: now)
    medians = interleaved({"slow": lambda: work("slow"), "quick": lambda: work("quick")}, num_rounds=3)
    assert medians == {
        "slow": Taken(seconds=5.0),
        "quick": Taken(seconds=1.0),
    }  # without the first of each, which takes 100
    assert done == ["slow", "quick", "slow", "quick", "quick", "slow", "slow", "quick"]


def test_processor_time_counts_what_children_took_and_passes_over_the_first_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(
        [(0, 0, 0, 0, 0), (9, 0, 0, 0, 9), (9, 0, 0, 0, 9), (10, 0.5, 2, 0.25, 99), (0,) * 5, (5.75, 0, 0, 0, 7)]
    )
    monkeypatch.setattr(measuring.os, "times", lambda: next(clock))
    processors = ProcessorTime()
    work = processors.metered({"way": lambda: None})["way"]
    for _ in range(3):
        work()
    assert processors.median("way") == 4.75  # of 1 + 0.5 + 2 + 0.25 and 5.75


def test_a_target_is_a_share_of_times_or_of_speeds() -> None:
    at_most, at_least = Target(limit="at most", ratio=1.3), Target(limit="at least", ratio=0.65)
    assert at_most.ratio_of(2.6, 2.0) == 1.3
    assert at_most.is_reached(1.3)
    assert not at_most.is_reached(1.31)
    assert at_least.ratio_of(2.0, 1.3) == 0.65
    assert at_least.is_reached(0.65)
    assert not at_least.is_reached(0.64)


def test_a_row_of_the_table_says_what_was_measured_and_whether_it_is_enough() -> None:
    row = Row(
        work="count",
        against="abacus",
        ours=Taken(seconds=3.0, peak_mib=1234),
        theirs=Taken(seconds=2.0),
        target=Target(limit="at most", ratio=1.3),
        notes={"agreement": "1.0"},
    )
    facts, *_, last = table([row]).splitlines()
    assert last == "| count | 3.00 s, 1,234 MiB | abacus | 2.00 s | 1.50 | at most 1.3 | no | agreement 1.0 |"
    assert "cores" in facts


def test_what_a_work_needs_is_its_own_and_not_the_memory_of_who_asks_for_it() -> None:
    held = b"\1" * (512 << 20)
    taken = elsewhere(nothing)
    assert len(held) == 512 << 20
    assert 0 < taken.peak_mib < 500


def nothing() -> None:
    """Picklable, as a work that is done elsewhere is."""
