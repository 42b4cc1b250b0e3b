"""Luigi's own command, given for the user: the same checks, messages and exit codes as where the user gives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from data.workers import end_with_parent

_PROJECT = Path(__file__).parents[2]
_STDERR = 2


def give(arguments: Sequence[str], *, folder: Path | None = None) -> int:
    """Run `luigi --module pipeline` with these arguments and return its exit code; all that it says goes to stderr.

    In another `folder` no luigi.cfg of the user applies. It ends with this process, and before this process does.
    """
    path = os.pathsep.join(filter(None, (str(_PROJECT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    if folder is not None:
        environment.pop("LUIGI_CONFIG_PATH", None)
    with subprocess.Popen(
        _command(arguments), stdout=_STDERR, env=environment, cwd=folder, preexec_fn=end_with_parent
    ) as child:
        try:
            code = child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise
    return code if code >= 0 else 128 - code  # ended by a signal: as a shell says it


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-P", "-m", "luigi", "--module", "pipeline", *arguments]


def end_cleanly() -> None:
    """Let SIGTERM end this process as an exception does, so that what it moved is put back."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
