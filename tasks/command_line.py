"""The command line of luigi, kept for worker processes: a spawned one knows the configuration files but no flags."""

from __future__ import annotations

import json
import os
from multiprocessing import parent_process

from luigi.cmdline_parser import CmdlineParser

_VARIABLE = "MULTIGRAIN_COMMAND_LINE"


def remember(arguments: list[str]) -> None:
    """Keep the arguments for the processes that luigi will spawn."""
    os.environ[_VARIABLE] = json.dumps(arguments)


def restore() -> None:
    """In a spawned worker, put the flags of the original command in place; elsewhere do nothing."""
    if parent_process() is None or CmdlineParser.get_instance() is not None or _VARIABLE not in os.environ:
        return
    CmdlineParser._instance = CmdlineParser(json.loads(os.environ[_VARIABLE]))
