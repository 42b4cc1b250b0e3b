"""What a promise is held against: every file of a workspace's store, and the commands that are given in it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.digests import file_digest, files_below
from tests import commands
from tests.conftest import CHECKOUT

SMALL = ("--profile", "smoke", "--Report-benchmarks", "vqa", "--Report-every-stage", "no", "--Report-text-only", "no")
"""The main job with one benchmark."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What tells that a file was neither written nor replaced."""

    inode: int
    mtime_ns: int
    sha256: str


def files(root: Path) -> dict[str, Seen]:
    """Every file of every published artifact, by its path below the store."""
    return {
        name: Seen(inode=path.stat().st_ino, mtime_ns=path.stat().st_mtime_ns, sha256=file_digest(path))
        for name, path in files_below(root / "store")
    }


@dataclass(frozen=True, kw_only=True)
class Given:
    """A command that was given: how it ended, what it said, and the store before and after."""

    code: int
    said: str
    before: Mapping[str, Seen]
    after: Mapping[str, Seen]

    @property
    def built(self) -> set[str]:
        """The labels of the tasks that built something."""
        return {line.split()[0] for line in self.said.splitlines() if " built in " in line}

    def changed(self) -> set[str]:
        """Files of artifacts that were there before and are not as they were."""
        return {name for name, seen in self.before.items() if self.after.get(name) != seen}


def give(task: str, root: Path, *flags: str, project: Path = CHECKOUT) -> Given:
    """Give luigi's command, with the code of `project`."""
    before = files(root)
    done = commands.run(task, root, *flags, cwd=root.parent, changes={"PYTHONPATH": str(project)})
    return Given(code=done.returncode, said=done.stdout + done.stderr, before=before, after=files(root))


def ask(verb: str, root: Path, *arguments: str, project: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    """Give multigrain's command, with the code of `project`."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from pipeline.cli import main; main()",
            verb,
            *arguments,
            "--workspace-root",
            str(root),
        ],
        cwd=root.parent,
        env=commands.environment({"PYTHONPATH": str(project)}),
        capture_output=True,
        text=True,
        check=False,
    )


def manifest(root: Path, label: str) -> Any:
    """The manifest of what `current/` leads to."""
    return json.loads((root / "current" / label / "manifest.json").read_text("utf-8"))
