"""How every task of a DAG stands: whether what it makes is there, and if not, why not.

Asked from the sources on, each task once, so that a DAG of N tasks costs N answers and at most two manifests each: the
one of the present key, and where there is none the one that was built before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Literal

import luigi

from tasks import history, pins
from tasks.artifact import ArtifactTask
from tasks.explain.ancestry import label_of
from tasks.explain.changes import Change, input_changes, own_changes
from tasks.history import Built
from tasks.manifest import MANIFEST, Artifact, Damage, read_manifest
from tasks.node import Node
from tasks.sources import SourceFile
from tasks.store import Store

State = Literal["current", "to do", "unknown"]
"""`unknown`: what it makes is there, and is still good if its inputs come out as they were."""

_NAMED = 3  # inputs in one line


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one task stands."""

    label: str
    """Of a source: its path."""
    family: str
    state: State
    key: str | None = None
    """None while an input is not there, and of a source."""
    found: Artifact | None = None
    """What it made, where that is current."""
    before: Artifact | None = None
    """What was made before under this label, where that is something else."""
    changes: tuple[Change, ...] = ()
    """Since that was made."""
    waits_for: tuple[str, ...] = ()
    """The labels of inputs that are not there yet."""
    damage: tuple[Damage, ...] = ()
    is_being_built: bool = False
    goes_on: bool = False
    """Whether a build that was stopped left something worth keeping."""
    note: str = ""
    """What is to be said beside all this."""

    @property
    def causes(self) -> tuple[str, ...]:
        """What is the matter with the task itself, whatever becomes of its inputs."""
        return (
            *((self.note,) if self.note else ()),
            *(f"damaged: {damage.path}: {damage.what}" for damage in self.damage),
            *(str(change) for change in self.changes),
        )

    @property
    def reason(self) -> str:
        """One line: why it is current, or what has to be done and why."""
        others = f" and {len(self.waits_for) - _NAMED} more" if len(self.waits_for) > _NAMED else ""
        waits = f"waits for {', '.join(self.waits_for[:_NAMED])}{others}" if self.waits_for else ""
        built = "is being built now" if self.is_being_built else "goes on where it was stopped" if self.goes_on else ""
        return "; ".join(filter(None, (built, *self.causes, waits)))


def build_order(root: luigi.Task) -> tuple[luigi.Task, ...]:
    """Every task of the DAG below `root`, each after all that it needs, `root` last."""
    needs: dict[str, list[str]] = {}
    tasks = {root.task_id: root}
    waiting = [root]
    while waiting:
        task = waiting.pop()
        given = {each.task_id: each for each in task.deps()}
        needs[task.task_id] = list(given)
        waiting += [each for name, each in given.items() if name not in tasks]
        tasks |= given
    return tuple(tasks[name] for name in TopologicalSorter(needs).static_order())


def standings(root: luigi.Task, store: Store) -> Mapping[Node, Standing]:
    """How everything that `root` rests on stands, in an order in which it can be built; without what makes nothing."""
    asking = _Asking(store=store, built=history.read(store.root), known={})
    for task in build_order(root):
        if isinstance(task, Node):
            asking.known[task] = asking.about(task)
    return asking.known


@dataclass(frozen=True, kw_only=True)
class _Asking:
    store: Store
    built: Mapping[str, tuple[Built, ...]]
    known: dict[Node, Standing]

    def about(self, node: Node) -> Standing:
        """How a task stands whose inputs are all known."""
        if isinstance(node, SourceFile):
            return _source(node, self.store)
        assert isinstance(node, ArtifactTask)
        below = (self.known[given.node] for given in node.inputs().values())
        waits_for = tuple(dict.fromkeys(each.label for each in below if each.state != "current"))
        return self._waiting(node, waits_for) if waits_for else self._with_key(node)

    def _with_key(self, task: ArtifactTask) -> Standing:
        key, found = task.key(), task.artifact()
        assert key is not None
        if found is not None:
            link = self.store.root / "current" / task.label
            is_other = link.is_symlink() and link.resolve().name != key
            note = "built before: nothing to run" if is_other else f"built {when(found)}"
            return Standing(label=task.label, family=task.task_family, state="current", key=key, found=found, note=note)
        folder = self.store.folder(task.task_family, key)
        pending = self._damaged(task, folder) if folder.exists() else self._absent(task)
        goes_on = task.can_go_on(self.store.partial(key) / "scratch")
        return replace(pending, key=key, is_being_built=self.store.is_locked(key), goes_on=goes_on)

    def _damaged(self, task: ArtifactTask, folder: Path) -> Standing:
        published = read_manifest(folder)
        return Standing(
            label=task.label,
            family=task.task_family,
            state="to do",
            damage=() if published is None else tuple(published.damage()),
            note="damaged: its manifest cannot be read" if published is None else "",
        )

    def _absent(self, task: ArtifactTask) -> Standing:
        before, decision = self._before(task), task.decision()
        assert decision is not None
        if before is None:
            return self._never_built(task)
        was = before.manifest["decided_by"]
        changes = (*own_changes(was, decision), *input_changes(was["inputs"], decision["inputs"]))
        return Standing(label=task.label, family=task.task_family, state="to do", before=before, changes=changes)

    def _waiting(self, task: ArtifactTask, waits_for: tuple[str, ...]) -> Standing:
        before = self._before(task)
        if before is None:
            return replace(self._never_built(task), waits_for=waits_for)
        changes = own_changes(before.manifest["decided_by"], task.own_decision())
        damage = () if changes else tuple(before.damage())
        return Standing(
            label=task.label,
            family=task.task_family,
            state="to do" if changes or damage else "unknown",
            before=before,
            changes=changes,
            damage=damage,
            waits_for=waits_for,
        )

    def _never_built(self, task: ArtifactTask) -> Standing:
        note = "what was built is gone" if task.label in self.built else "never built"
        return Standing(label=task.label, family=task.task_family, state="to do", note=note)

    def _before(self, task: ArtifactTask) -> Artifact | None:
        """What was made last under the task's label: by `current/`, else by the history, else the family's newest."""
        current = self.store.current(task.label)
        if current is not None:
            return current
        known = [self.store.folder(built.family, built.key) for built in self.built.get(task.label, ())]
        last = next((folder for folder in reversed(known) if (folder / MANIFEST).is_file()), None)
        if last is None:
            last = _newest(self.store.root / "store" / task.task_family)
        artifact = None if last is None else read_manifest(last)
        return artifact if artifact is not None and label_of(artifact) == task.label else None


def _source(source: SourceFile, store: Store) -> Standing:
    if source.complete():
        return Standing(label=source.path, family=source.task_family, state="current", note="pinned")
    was_read = pins.pin_file(store.root, Path(source.path)).is_file()
    note = "has changed since it was read" if was_read else "unknown until read"
    return Standing(label=source.path, family=source.task_family, state="to do", note=note)


def _newest(family: Path) -> Path | None:
    """The artifact of a family that was published or stamped last."""
    newest = max(family.glob(f"*/{MANIFEST}"), key=lambda manifest: manifest.stat().st_mtime_ns, default=None)
    return None if newest is None else newest.parent


def when(artifact: Artifact) -> str:
    """The day and minute at which it was built, UTC."""
    return str(artifact.manifest["recorded"].get("started", "?"))[:16].replace("T", " ")
