"""Why a task is or is not current: every cause, followed upstream to where it begins, the first one first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import luigi

from tasks.artifact import ArtifactTask
from tasks.explain.ancestry import input_of, made_from, store_of
from tasks.explain.differences import Difference, compare
from tasks.explain.standing import Standing, standings
from tasks.manifest import Artifact
from tasks.node import Node
from tasks.store import Store


@dataclass(frozen=True, kw_only=True)
class Why:
    """How a task stands, and the causes of that in it and above it."""

    standing: Standing
    causes: tuple[Difference, ...]
    """Each with the label where it lies, upstream first."""
    since: tuple[Difference, ...] = ()
    """What differs from the artifact that `current/` leads to, where another one is current that was built before."""


def why(task: luigi.Task, store: Store) -> Why:
    """Explain one task; one that makes nothing stands as the last that it needs. Nothing is written."""
    known = standings(task, store)
    standing = [*known.values()][-1]
    if standing.state == "current":
        return Why(standing=standing, causes=(), since=_since(standing, store))
    found = [cause for node, each in known.items() if each.state != "current" for cause in _causes(node, each)]
    return Why(standing=standing, causes=tuple(dict.fromkeys(found)))


def _causes(node: Node, standing: Standing) -> Iterator[Difference]:
    """What is the matter with one pending task; where inputs have other content, why that is."""
    if standing.before is not None and standing.key is not None and isinstance(node, ArtifactTask):
        yield from _behind_inputs(node, standing.before)
    for what in standing.causes:
        yield Difference(label=standing.label, what=what)


def _behind_inputs(task: ArtifactTask, before: Artifact) -> Iterator[Difference]:
    store, was = store_of(before), {made.name: made for made in made_from(before)}
    for name, given in task.inputs().items():
        if name not in was or was[name].digest == given.digest() or not isinstance(given.node, ArtifactTask):
            continue
        old, new = input_of(store, was[name]), given.node.artifact()
        if old is not None and new is not None:
            yield from compare(old, new).differences


def _since(standing: Standing, store: Store) -> tuple[Difference, ...]:
    current, found = store.current(standing.label), standing.found
    if current is None or found is None or current.key == found.key:
        return ()
    return compare(current, found).differences
