"""The real command, as a user gives it: the installed `luigi` script in a process group of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
LUIGI = Path(sys.executable).with_name("luigi")

# Runs the command in this interpreter and says which heavy libraries Luigi's own process has imported by its end.
WITH_MODULES = """
import sys
from luigi.cmdline import luigi_run
sys.argv = ["luigi", *sys.argv[1:]]
try:
    luigi_run(sys.argv[1:])
finally:
    print("imported:", sorted({"torch", "spacy", "thinc"} & set(sys.modules)))
"""


def arguments(task: str, root: Path, *flags: str, module: str = "pipeline") -> list[str]:
    """Luigi's arguments for a task in the workspace `root`."""
    return ["--module", module, task, "--workspace-root", str(root), *flags]


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without any configuration of luigi's, with `changes`."""
    return {**{name: value for name, value in os.environ.items() if name != "LUIGI_CONFIG_PATH"}, **(changes or {})}


def run(
    task: str,
    root: Path,
    *flags: str,
    cwd: Path,
    changes: Mapping[str, str] | None = None,
    module: str = "pipeline",
    timeout_s: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Give the command and wait for its end."""
    return subprocess.run(
        [LUIGI, *arguments(task, root, *flags, module=module)],
        cwd=cwd,
        env=environment(changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )


def start(
    task: str,
    root: Path,
    *flags: str,
    cwd: Path,
    changes: Mapping[str, str] | None = None,
    module: str = "pipeline",
    said: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Give the command and do not wait; it leads a process group of its own. What it says goes to the file `said`."""
    with Path(said or os.devnull).open("ab") as output:
        return subprocess.Popen(
            [LUIGI, *arguments(task, root, *flags, module=module)],
            cwd=cwd,
            env=environment(changes),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def digests(root: Path) -> dict[str, str]:
    """The digest of the result of every artifact that the last command used, by task."""
    return {
        link.name: json.loads((link / "manifest.json").read_text("utf-8"))["result"]["digest"]
        for link in sorted((root / "current").iterdir())
    }
