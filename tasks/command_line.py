"""What worker processes must know of the command: a spawned one has the configuration, but no flags and no log."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

from luigi.cmdline_parser import CmdlineParser

from data.workers import end_with_parent
from tasks import console

_VARIABLE = "MULTIGRAIN_COMMAND_LINE"


def is_spawned() -> bool:
    """Whether multiprocessing spawned this process. True from its start on, unlike `parent_process()`."""
    return "--multiprocessing-fork" in sys.orig_argv


def remember(arguments: list[str], *, log_file: Path) -> None:
    """Keep the arguments and the log for the processes that luigi will spawn."""
    os.environ[_VARIABLE] = json.dumps({"arguments": arguments, "log_file": str(log_file)})


def as_typed(arguments: list[str]) -> str:
    """The command with these arguments, as it can be given again."""
    return shlex.join(["luigi", *arguments])


class KeepsCommandLine:
    """What every task of ours is, so that it means in a spawned worker what it meant where it was made."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Arrive in another process."""
        _restore()
        self.__dict__.update(state)


def _restore() -> None:
    """In a spawned worker, put the flags and the log of the command in place; elsewhere do nothing."""
    if not is_spawned() or CmdlineParser.get_instance() is not None or _VARIABLE not in os.environ:
        return
    end_with_parent()  # else a task would go on, and hold its lock, after a command that was killed
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal: the command speaks
    command = json.loads(os.environ[_VARIABLE])
    CmdlineParser._instance = CmdlineParser(command["arguments"])
    console.log_to(Path(command["log_file"]), command=as_typed(command["arguments"]))
