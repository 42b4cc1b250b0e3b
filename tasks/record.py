"""What a manifest records beside what decided: who made it, from what, where, and how long it took."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.digests import digest_of
from tasks.history import Built
from tasks.manifest import Artifact
from tasks.node import Input, Node
from tasks.settings import configured_sources

if TYPE_CHECKING:
    from tasks.artifact import ArtifactTask


def of(task: ArtifactTask, *, started: datetime, seconds: float, shards: Mapping[str, int]) -> dict[str, Any]:
    """All of it; `made_from` names for each input the artifact or file whose content was read."""
    return {
        "label": task.label,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "shards": dict(shards),
        "host": platform.node(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "git_commit": git_commit(),
        "parameters": task.to_str_params(),
        "configuration": configuration(task),
        "made_from": made_from(task),
        "read_bytes": sum(given.num_bytes() or 0 for given in task.inputs().values()),
        "packages": {d.metadata["Name"]: d.version for d in metadata.distributions() if d.metadata["Name"]},
    }


def made_from(task: ArtifactTask) -> dict[str, dict[str, Any]]:
    """For each input the artifact or file whose content is read."""
    return {name: source_of(given) for name, given in task.inputs().items()}


def source_of(given: Input) -> dict[str, Any]:
    """Which artifact or file an input is, and the digest of what is read of it."""
    return {**given.node.origin(), "digest": given.digest(), "results": list(given.results)}


def configuration(task: ArtifactTask) -> dict[str, Any]:
    """What was set: the paths of every source, and by family the parameters of all that the task rests on."""
    waiting: list[Node] = [*task.requires()]
    tasks: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    while waiting:
        node = waiting.pop()
        if node.task_id in seen:
            continue
        seen.add(node.task_id)
        identity: tuple[str, ...] = getattr(node, "identity", ())
        values = node.to_str_params()
        tasks[node.task_family] = {name: value for name, value in values.items() if name not in identity}
        waiting += node.deps()
    return {
        "sources": {name: [str(path) for path in paths] for name, paths in configured_sources().items()},
        "tasks": {family: values for family, values in sorted(tasks.items()) if values},
    }


def line(task: ArtifactTask, artifact: Artifact) -> Built:
    """The line of the history for an artifact that was just built."""
    recorded = artifact.manifest["recorded"]
    return Built(
        label=task.label,
        family=task.task_family,
        key=artifact.key,
        settings=digest_of(artifact.manifest["decided_by"]["settings"]),
        started=recorded["started"],
        seconds=recorded["seconds"],
        read_bytes=recorded["read_bytes"],
        written_bytes=artifact.num_bytes(),
    )


def git_commit() -> str | None:
    """The commit of this code, `-dirty` where files differ from it; None where that is not known."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None
