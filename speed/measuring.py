"""Interleaved timing, and its results as rows of a table: whatever else the machine does meets every side alike."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Work = Callable[[], object]


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
    """One work beside one other way of doing it; `notes` says what else was seen (agreement, memory)."""

    work: str
    against: str
    seconds: float
    against_seconds: float
    target: Target
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """What was measured of what the target speaks of."""
        return self.target.ratio_of(self.seconds, self.against_seconds)


def interleaved(ways: Mapping[str, Work], *, num_rounds: int) -> dict[str, float]:
    """The median seconds of each way: all of them once a round, each time another one first.

    Every way is done once before, unmeasured, so that files and libraries are warm.
    """
    names = list(ways)
    for work in ways.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(num_rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            started = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(measured) for name, measured in seconds.items()}


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
            f"{row.seconds:.2f} s",
            row.against,
            f"{row.against_seconds:.2f} s",
            f"{row.ratio:.2f}",
            f"{row.target.limit} {row.target.ratio:g}",
            "yes" if row.target.is_reached(row.ratio) else "no",
            ", ".join(f"{name} {value}" for name, value in row.notes.items()),
        )
        for row in rows
    ]
    head = ("work", "here", "against", "takes", "ratio", "target", "reached", "notes")
    lines = [" | ".join(line) for line in (head, ("---",) * len(head), *cells)]
    facts = ", ".join(f"{name} {value}" for name, value in host_facts().items())
    return "\n".join([f"{facts}\n", *(f"| {line} |" for line in lines)])


def _processor() -> str:
    """The processor's name as the kernel has it, else as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
