"""What a command would do before it is given: each task with its reason, what it reads and writes, and how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import luigi

from data.digests import digest_of
from tasks import history
from tasks.artifact import ArtifactTask
from tasks.explain.standing import Standing, State, standings
from tasks.history import Built
from tasks.node import Node
from tasks.store import Store

READING_BYTES_PER_S = 8e8
"""How fast a source file is taken to be read and hashed: about a minute for 49 GB."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What building takes: bytes of inputs and of the result, and time. None where nothing is known of it."""

    read_bytes: int | None = None
    written_bytes: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One task: how it stands, and what it would take; nothing where it is current."""

    label: str
    family: str
    state: State
    reason: str
    key: str | None
    cost: Cost | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every task in an order in which it can be built, and what all of it would take."""

    tasks: tuple[Planned, ...]
    num_to_do: int
    num_unknown: int
    """They run only if their inputs come out with other bytes than they had."""
    seconds_to_do: float
    """Of the tasks to do that have an estimate, one after another."""
    seconds_unknown: float
    num_without_estimate: int

    @property
    def is_all_current(self) -> bool:
        """Whether nothing has to be built."""
        return self.num_to_do == self.num_unknown == 0


def plan(root: luigi.Task, store: Store) -> Plan:
    """What `luigi` would do for `root` now. Nothing is written, and no source is read."""
    built = history.read(store.root)
    known = standings(root, store)
    tasks = tuple(_planned(node, known, built.get(standing.label, ())) for node, standing in known.items())
    return Plan(
        tasks=tasks,
        num_to_do=sum(task.state == "to do" for task in tasks),
        num_unknown=sum(task.state == "unknown" for task in tasks),
        seconds_to_do=_seconds(tasks, "to do"),
        seconds_unknown=_seconds(tasks, "unknown"),
        num_without_estimate=sum(task.cost is not None and task.cost.seconds is None for task in tasks),
    )


def _seconds(tasks: tuple[Planned, ...], state: State) -> float:
    return sum(task.cost.seconds or 0.0 for task in tasks if task.cost is not None and task.state == state)


def _planned(node: Node, known: Mapping[Node, Standing], builds: tuple[Built, ...]) -> Planned:
    standing = known[node]
    return Planned(
        label=standing.label,
        family=standing.family,
        state=standing.state,
        reason=standing.reason,
        key=standing.key,
        cost=None if standing.state == "current" else _cost(node, builds, waits=bool(standing.waits_for)),
    )


def _cost(node: Node, builds: tuple[Built, ...], *, waits: bool) -> Cost:
    """What it reads is the size of its inputs, or while it waits for one of them, what it read the last time."""
    if not isinstance(node, ArtifactTask):
        size = node.content_bytes()
        return Cost(read_bytes=size, written_bytes=0, seconds=None if size is None else size / READING_BYTES_PER_S)
    last = _like(node, builds)
    sizes = () if waits else tuple(given.num_bytes() or 0 for given in node.inputs().values())
    if last is None:
        return Cost(read_bytes=None if waits else sum(sizes))
    return Cost(
        read_bytes=last.read_bytes if waits else sum(sizes), written_bytes=last.written_bytes, seconds=last.seconds
    )


def _like(task: ArtifactTask, builds: tuple[Built, ...]) -> Built | None:
    """The last build of the same settings, else the last one; None where there was none."""
    settings = digest_of(dict(task.settings()))
    same = [built for built in builds if built.settings == settings]
    return (same or [*builds])[-1] if builds else None
