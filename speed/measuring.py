"""Ways of doing the same work, timed by turns in one run: since machines are shared, their ratio is what counts."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from data.workers import spawned

Work = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a piece of work took: the median of its rounds, and the most memory of any in MiB (0: not measured)."""

    seconds: float
    peak_mib: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """Our way beside another; `target` is the least ratio of the other's time to ours that is aimed at."""

    work: str
    against: str
    ours: Taken
    theirs: Taken
    target: float

    @property
    def ratio(self) -> float:
        """How many times as long the other way takes."""
        return self.theirs.seconds / self.ours.seconds


def by_turns(ways: Sequence[Work], *, num_rounds: int = 3) -> list[Taken]:
    """Each way once a round, in this process."""
    seconds = [[_seconds(way) for way in ways] for _ in range(num_rounds)]
    return [Taken(seconds=statistics.median(column)) for column in zip(*seconds, strict=True)]


def apart(ways: Sequence[Work], *, num_rounds: int = 3) -> list[Taken]:
    """Each way once a round, each time in a fresh process, so that its memory is its own. Ways are picklable.

    Linux counts the memory of a process's parent at its start as its own, so do large things beforehand in `elsewhere`.
    """
    rounds = [[_in_fresh_process(way) for way in ways] for _ in range(num_rounds)]
    return [
        Taken(seconds=statistics.median(taken.seconds for taken in column), peak_mib=max(t.peak_mib for t in column))
        for column in zip(*rounds, strict=True)
    ]


def elsewhere(work: Work) -> Taken:
    """Do something in a fresh process, which leaves nothing behind in this one."""
    return apart([work], num_rounds=1)[0]


def table(rows: Iterable[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| work | against | ours | theirs | ratio | target |", "|---|---|---|---|---|---|"]
    for row in rows:
        target = f"at least {row.target:g}" if row.target else "none"
        lines.append(
            f"| {row.work} | {row.against} | {_said(row.ours)} | {_said(row.theirs)} | {row.ratio:.1f} | {target} |"
        )
    return "\n".join(lines)


def _said(taken: Taken) -> str:
    return f"{taken.seconds:.2f} s" + (f", {taken.peak_mib:,.0f} MiB" if taken.peak_mib else "")


def _seconds(way: Work) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def _in_fresh_process(way: Work) -> Taken:
    with spawned(1) as pool:
        return pool.submit(_measured, way).result()


def _measured(way: Work) -> Taken:
    seconds = _seconds(way)
    peak_kib = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Taken(seconds=seconds, peak_mib=peak_kib / 1024)
