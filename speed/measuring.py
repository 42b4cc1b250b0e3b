"""Interleaved timing, and its results as rows of a table: whatever else the machine does meets every side alike."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from data.workers import spawned

Work = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a piece of work took: the median of its rounds, and the most memory of any in MiB (0: not measured)."""

    seconds: float
    peak_mib: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is to be reached: `at most` so many times the other's time, or `at least` so many times its speed."""

    limit: Literal["at most", "at least"]
    ratio: float

    def ratio_of(self, seconds: float, against_seconds: float) -> float:
        """What is held against `ratio`: a share of times, or of speeds."""
        return seconds / against_seconds if self.limit == "at most" else against_seconds / seconds

    def is_reached(self, ratio: float) -> bool:
        """Whether a measured ratio is good enough."""
        return ratio <= self.ratio if self.limit == "at most" else ratio >= self.ratio


@dataclass(frozen=True, kw_only=True)
class Row:
    """One work beside one other way of doing it; `notes` says what else was seen. A row may aim at nothing."""

    work: str
    against: str
    ours: Taken
    theirs: Taken
    target: Target | None
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """What was measured of what the target speaks of; without one, a share of speeds."""
        return (self.target or _SPEED).ratio_of(self.ours.seconds, self.theirs.seconds)


_SPEED = Target(limit="at least", ratio=0.0)


def interleaved(
    ways: Mapping[str, Work],
    *,
    num_rounds: int,
    tidy: Work = lambda: None,
    clock: Callable[[], float] | None = None,
) -> dict[str, Taken]:
    """What each way took in this process: all of them once a round, each time another one first.

    Every way is done once before, unmeasured, so that files and libraries are warm; so is `tidy` before each. `clock`
    gives seconds; by default those that passed.
    """
    clock = clock or time.perf_counter
    names = list(ways)
    for work in ways.values():
        tidy()
        work()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(num_rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            tidy()
            started = clock()
            ways[name]()
            seconds[name].append(clock() - started)
    return {name: Taken(seconds=statistics.median(measured)) for name, measured in seconds.items()}


class ProcessorTime:
    """What ways take of the processors, their workers included: other work on the machine changes that the least."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {}

    def metered(self, ways: Mapping[str, Work]) -> dict[str, Work]:
        """The same ways, each noting what it takes."""
        return {name: partial(self._note, name, work) for name, work in ways.items()}

    def median(self, name: str) -> float:
        """The seconds of a way, over all its rounds but the first."""
        return statistics.median(self._seconds[name][1:])

    def _note(self, name: str, work: Work) -> None:
        before = os.times()
        work()
        after = os.times()
        self._seconds.setdefault(name, []).append(sum(after[:4]) - sum(before[:4]))


def apart(ways: Mapping[str, Work], *, num_rounds: int = 3) -> dict[str, Taken]:
    """Each way once a round, each time in a fresh process, so that its memory is its own. Ways are picklable."""
    rounds = [{name: elsewhere(way) for name, way in ways.items()} for _ in range(num_rounds)]
    return {
        name: Taken(
            seconds=statistics.median(measured[name].seconds for measured in rounds),
            peak_mib=max(measured[name].peak_mib for measured in rounds),
        )
        for name in ways
    }


def elsewhere(work: Work) -> Taken:
    """Do something in a fresh process, which leaves nothing behind in this one."""
    with spawned(1) as pool:
        return pool.submit(_measured, work).result()


def _measured(work: Work) -> Taken:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    peak_kib = max(_own_peak_kib(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    return Taken(seconds=seconds, peak_mib=peak_kib / 1024)


def _own_peak_kib() -> int:
    """The most memory that this process had; getrusage's, on Linux, counts what its parent had when it started it."""
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def host_facts() -> dict[str, str]:
    """What the measured times depend on: processor, cores that may be used, system, Python."""
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown, under a line of host facts."""
    cells = [
        (
            row.work,
            _said(row.ours),
            row.against,
            _said(row.theirs),
            f"{row.ratio:.2f}",
            "none" if row.target is None else f"{row.target.limit} {row.target.ratio:g}",
            "" if row.target is None else "yes" if row.target.is_reached(row.ratio) else "no",
            ", ".join(f"{name} {value}" for name, value in row.notes.items()),
        )
        for row in rows
    ]
    head = ("work", "here", "against", "takes", "ratio", "target", "reached", "notes")
    lines = [" | ".join(line) for line in (head, ("---",) * len(head), *cells)]
    facts = ", ".join(f"{name} {value}" for name, value in host_facts().items())
    return "\n".join([f"{facts}\n", *(f"| {line} |" for line in lines)])


def _said(taken: Taken) -> str:
    seconds = f"{taken.seconds:.2f} s" if taken.seconds >= 0.1 else f"{1000 * taken.seconds:.2f} ms"
    return seconds + (f", {taken.peak_mib:,.0f} MiB" if taken.peak_mib else "")


def _processor() -> str:
    """The processor's name as the kernel has it, else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
