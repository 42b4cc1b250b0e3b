"""Ctrl-C and SIGTERM end a command at once: one line, no process left behind, and the next command goes on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.guarantees.giving import Toys
from tests.guarantees.signs import wait_for


def is_left(group: int) -> bool:
    """Whether a process of that group still lives, a few seconds given to the last ones."""
    end = time.monotonic() + 10.0
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize(
    ("number", "workers"),
    [
        (signal.SIGINT, "2"),
        pytest.param(signal.SIGINT, "1", marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, "2", marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, "1", marks=pytest.mark.slow),
    ],
)
def test_a_stopped_command_leaves_nothing_running_and_the_next_goes_on(
    number: signal.Signals, workers: str, tmp_path: Path
) -> None:
    toys = Toys(folder=tmp_path)
    command = toys.start("Held", "--workers", workers)
    wait_for(toys.sign("held.tries"), holds="xx")  # both shard workers are at work
    if number == signal.SIGINT:
        os.killpg(command.pid, number)  # as a terminal does
    else:
        os.kill(command.pid, number)
    assert command.wait(30) == -number
    assert not is_left(command.pid)
    said = toys.sign("said").read_text()
    assert "Stopped. Nothing that was finished is lost; to go on: luigi --module tests.guarantees.toys Held" in said
    assert "Traceback" not in said
    assert "leaked" not in said
    toys.sign("held.go").touch()
    done = toys.give("Held", "--workers", workers)
    assert done.returncode == 0, done.stderr
    assert toys.built() == ["Held"]
