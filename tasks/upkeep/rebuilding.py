"""Artifacts built again although they are current: set aside, built, compared; put back where the build fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import luigi

from data.errors import UserError
from tasks.artifact import ArtifactTask
from tasks.console import log
from tasks.manifest import Artifact, read_manifest
from tasks.settings import current_store
from tasks.store import Store

PLACE = "replaced"


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """An artifact that was set aside: what it was, and where it lies now."""

    label: str
    old: Artifact
    aside: Path


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A task that was built again: the files that are not what they were, none where all bytes are the same."""

    label: str
    changed: tuple[str, ...]
    aside: Path


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """How it ended: luigi's exit code, and what came of each artifact that was set aside."""

    code: int
    compared: tuple[Compared, ...] = ()


def descendants(task: luigi.Task, dag: Sequence[luigi.Task]) -> tuple[ArtifactTask, ...]:
    """The task, and every task with an artifact in the DAG that rests on it, however far away."""
    needs = {each.task_id: {needed.task_id for needed in each.deps()} for each in dag}
    found, grows = {task.task_id}, True
    while grows:
        below = {task_id for task_id, needed in needs.items() if needed & found} - found
        found, grows = found | below, bool(below)
    return tuple(each for each in dag if each.task_id in found and isinstance(each, ArtifactTask))


def rebuild(tasks: Iterable[ArtifactTask], build: Callable[[], int]) -> Rebuilt:
    """Set the artifacts of these tasks aside and call `build`, which returns an exit code.

    Unless it succeeds, each goes back, if nothing has taken its place. Raises UserError where one is being built.
    """
    store = current_store()
    found = [(task.label, task.artifact()) for task in tasks]  # all before any is moved: keys need their inputs
    replaced: list[Replaced] = []
    with ExitStack() as held:
        try:
            for label, old in found:
                if old is not None:
                    replaced.append(_set_aside(store, label, old, held))
            code = build()
        except BaseException:
            _put_back(store, replaced)
            raise
        if code:
            _put_back(store, replaced)
            return Rebuilt(code=code)
    return Rebuilt(code=0, compared=tuple(_compare(store, each) for each in replaced))


def changed_files(old: Artifact, new: Artifact) -> tuple[str, ...]:
    """The files of which the bytes differ, or that only one of the two has."""
    digests = [{path: entry["sha256"] for path, entry in each.files.items()} for each in (old, new)]
    return tuple(path for path in sorted({*digests[0], *digests[1]}) if digests[0].get(path) != digests[1].get(path))


def _set_aside(store: Store, label: str, old: Artifact, held: ExitStack) -> Replaced:
    with store.locked_if_free(old.key) as is_ours:
        aside = store.set_aside(old.folder, place=PLACE) if is_ours else None
    if aside is None:
        raise UserError(
            expected=f"{label}, while nobody builds it",
            found="a process that does" if not is_ours else "nothing in its place any more",
            where=str(old.folder),
            way_out="wait for the other command, then give this one again",
        )
    held.enter_context(store.locked(aside.name, on_wait=lambda: None))  # so that `gc` leaves it alone meanwhile
    return Replaced(label=label, old=old, aside=aside)


def _put_back(store: Store, replaced: Iterable[Replaced]) -> None:
    for each in replaced:
        with store.locked(each.old.key, on_wait=lambda: log.info("waiting for what still builds")):
            if not each.old.folder.exists():
                each.aside.rename(each.old.folder)


def _compare(store: Store, replaced: Replaced) -> Compared:
    """The old result with the new one: of the same key, or of another where an input came to other bytes."""
    new = read_manifest(replaced.old.folder) or store.current(replaced.label)
    changed = tuple(replaced.old.files) if new is None else changed_files(replaced.old, new)
    return Compared(label=replaced.label, changed=changed, aside=replaced.aside)
