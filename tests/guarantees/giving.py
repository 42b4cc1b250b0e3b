"""The toy tasks of this folder, given to luigi's real command."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests import commands
from tests.commands import CHECKOUT
from tests.guarantees.signs import num_tries

MODULE = "tests.guarantees.toys"
SOON = ("--workspace-retry-wait-s", "0.01")


@dataclass(frozen=True, kw_only=True)
class Toys:
    """A folder in which a test and the toys leave signs for each other, with a workspace in it."""

    folder: Path

    @property
    def root(self) -> Path:
        """The workspace."""
        return self.folder / "workspace"

    def give(
        self, task: str, *flags: str, module: str = MODULE, timeout_s: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """Give the command of that task and wait for its end."""
        return commands.run(
            task,
            self.root,
            *self._where(task),
            *flags,
            cwd=self.folder,
            changes={"PYTHONPATH": str(CHECKOUT)},
            module=module,
            timeout_s=timeout_s,
        )

    def start(self, task: str, *flags: str) -> subprocess.Popen[bytes]:
        """Give the command and do not wait; what it says goes to the file `said`."""
        return commands.start(
            task,
            self.root,
            *self._where(task),
            *flags,
            cwd=self.folder,
            changes={"PYTHONPATH": str(CHECKOUT)},
            module=MODULE,
            said=self.folder / "said",
        )

    def _where(self, task: str) -> tuple[str, ...]:
        return () if task == "Silent" else ("--folder", str(self.folder))

    def num_tries(self, name: str) -> int:
        """How often the toy of that name was tried."""
        return num_tries(self.folder, name)

    def sign(self, name: str) -> Path:
        """The file by which something is told."""
        return self.folder / name

    def built(self) -> list[str]:
        """The labels of all that was ever built in the workspace, in order."""
        lines = (self.root / "history.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line)["label"] for line in lines]
