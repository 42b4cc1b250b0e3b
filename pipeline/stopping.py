"""Ctrl-C and SIGTERM end a command at once, with one line: whatever was under way goes on with the next one."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import sys
from types import FrameType

_IN_SILENCE = "ignore:resource_tracker:UserWarning"
"""Python's own helper frees the semaphores of a process that ended abruptly, and warns of it on the terminal."""


def listen(command: str) -> None:
    """From now on, an interrupted or terminated command says how to go on, and leaves no process behind."""
    known = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (known, _IN_SILENCE)))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, functools.partial(_stop, command))


def _stop(command: str, number: int, _frame: FrameType | None) -> None:
    """Die of that very signal, so that a shell or a scheduler above sees why; nothing is lost by an abrupt end.

    Processes of luigi and of pools are told here; a trainer ends with the process that started it.
    """
    signal.signal(number, signal.SIG_DFL)
    for child in multiprocessing.active_children():
        child.terminate()
    print(f"\nStopped. Nothing that was finished is lost; to go on: {command}", file=sys.stderr, flush=True)
    os.kill(os.getpid(), number)
