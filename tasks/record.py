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
        "git_commit": _git_commit(),
        "parameters": task.to_str_params(),
        "made_from": {
            name: {**given.node.origin(), "digest": given.digest(), "results": list(given.results)}
            for name, given in task.inputs().items()
        },
        "read_bytes": sum(given.num_bytes() or 0 for given in task.inputs().values()),
        "packages": {d.metadata["Name"]: d.version for d in metadata.distributions() if d.metadata["Name"]},
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


def _git_commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None
