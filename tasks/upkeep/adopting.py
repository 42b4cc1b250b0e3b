"""What is there taken as current after a change of code or of a library that the user knows to change no byte.

The result's files are hard-linked under the new key; the old artifact stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import luigi

from data.digests import digest_of, files_below
from data.errors import UserError
from data.shards import link_or_copy
from tasks import record
from tasks.artifact import ArtifactTask
from tasks.console import log
from tasks.explain.changes import Change, input_changes, own_changes
from tasks.manifest import Artifact, OnRead, read_manifest
from tasks.settings import current_store
from tasks.store import Store, fresh_folder
from tasks.upkeep import stamps


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """A task that is current now, or will be once its inputs are built to the bytes that they had."""

    label: str
    old_key: str
    key: str
    changes: tuple[Change, ...]
    """What was taken as harmless."""
    waits_for: tuple[str, ...]
    """Inputs that are not there yet."""


def adopt(task: ArtifactTask, on_read: OnRead | None = None) -> Adopted | None:
    """Make a task current without running it; None where it is already. Raises UserError where more than code changed.

    An input that is not there yet counts as what it was: built to other bytes, it gives another key, and the task runs.
    """
    if task.artifact() is not None:
        return None
    store = current_store()
    old = _whole(task, store.current(task.label), on_read)
    waiting = tuple(name for name, given in task.inputs().items() if given.digest() is None)
    decision = {**task.own_decision(), "inputs": _digests(task, old)}
    changes = _allowed(task, old, decision)
    key = digest_of(decision)
    if key == old.key:
        return None
    with store.locked(key, on_wait=lambda: log.info("%s: waiting for the process that builds it", task.label)):
        artifact = store.find(task.task_family, key) or _publish(task, old, key, decision)
    store.point_current(task.label, artifact)
    return Adopted(label=task.label, old_key=old.key, key=key, changes=changes, waits_for=waiting)


def in_order(root: luigi.Task) -> Iterator[ArtifactTask]:
    """Every task with an artifact that this one rests on, each after what it is made from; itself last."""
    seen: set[str] = set()

    def below(task: luigi.Task) -> Iterator[ArtifactTask]:
        seen.add(task.task_id)
        for needed in task.deps():
            if needed.task_id not in seen:
                yield from below(needed)
        if isinstance(task, ArtifactTask):
            yield task

    return below(root)


def _whole(task: ArtifactTask, old: Artifact | None, on_read: OnRead | None) -> Artifact:
    """The artifact that `current/` leads to, of which every byte was read."""
    damage = None if old is None else next(old.damage(reads_all=True, on_read=on_read), None)
    if old is not None and damage is None:
        return old
    raise UserError(
        expected=f"an artifact of {task.label} that is whole",
        found="none in current/"
        if old is None
        else f"{damage.path if damage else ''}: {damage.what if damage else ''}",
        where=str(current_store().root / "current" / task.label),
        way_out=f"build it: luigi --module pipeline {task.task_family}",
    )


def _digests(task: ArtifactTask, old: Artifact) -> dict[str, str]:
    """The content of each input: as it is now, or of one that is not there, as it was."""
    known: Mapping[str, str] = old.manifest["decided_by"]["inputs"]
    found = {name: given.digest() or known.get(name) for name, given in task.inputs().items()}
    return {name: digest for name, digest in found.items() if digest is not None}


def _allowed(task: ArtifactTask, old: Artifact, decision: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes of code and libraries. Raises UserError where settings or inputs differ."""
    decided = old.manifest["decided_by"]
    new_inputs = set(task.inputs()) - set(decision["inputs"])  # not there, and none of that name was
    changes = own_changes(decided, decision)
    others = [
        *(change for change in changes if change.kind not in ("code", "library")),
        *input_changes(decided["inputs"], {**decision["inputs"], **dict.fromkeys(new_inputs, "not there yet")}),
    ]
    if others:
        raise UserError(
            expected=f"the settings and inputs with which {task.label} was built; only code and libraries may differ",
            found="; ".join(map(str, others)),
            where=str(old.folder),
            way_out=f"build it: luigi --module pipeline {task.task_family}",
        )
    return changes


def _publish(task: ArtifactTask, old: Artifact, key: str, decision: Mapping[str, Any]) -> Artifact:
    """The old artifact's files as the artifact of the new key."""
    store = current_store()
    partial = fresh_folder(store.partial(key))
    counts = old.manifest.get("counts")
    manifest = {"decided_by": _plain(decision), "counts": counts, "recorded": _recorded(task, old)}
    with stamps.kept(_of_family(store, task.task_family)):
        for part in ("result", "record"):
            for name, file in files_below(old.folder / part):
                to = partial / part / name
                to.parent.mkdir(parents=True, exist_ok=True)
                link_or_copy(file, to)
        return store.publish(task.task_family, key, manifest)


def _of_family(store: Store, family: str) -> list[Artifact]:
    """All artifacts of a family: the old one's files may be those of others too, by earlier adoptions."""
    found = (read_manifest(folder) for folder in (store.root / "store" / family).iterdir())
    return [artifact for artifact in found if artifact is not None]


def _recorded(task: ArtifactTask, old: Artifact) -> dict[str, Any]:
    """What the old manifest records, with what is of now: the code's commit, parameters, inputs."""
    before = old.manifest["recorded"]
    made_from = {
        name: before["made_from"][name] if given.digest() is None else record.source_of(given)
        for name, given in task.inputs().items()
    }
    return {
        **before,
        "adopted": datetime.now(UTC).isoformat(timespec="seconds"),
        "adopted_from": old.key,
        "built_at_git_commit": before.get("built_at_git_commit", before["git_commit"]),
        "git_commit": record.git_commit(),
        "parameters": task.to_str_params(),
        "configuration": record.configuration(task),
        "made_from": made_from,
    }


def _plain(decision: Mapping[str, Any]) -> Any:
    """A decision as a manifest gives it back."""
    return json.loads(json.dumps(decision))
