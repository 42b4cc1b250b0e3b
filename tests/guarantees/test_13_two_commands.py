"""Promise 13: two commands on one workspace build nothing twice, and wait only for the task that the other builds."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.guarantees.giving import Toys
from tests.guarantees.signs import wait_for

SLOW = ("--name", "slow", "--waits")


@pytest.fixture
def start(toys: Toys) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a command of the toys; none is left when the test ends."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(task: str, *flags: str) -> subprocess.Popen[bytes]:
        started.append(toys.start(task, *flags))
        return started[-1]

    yield begin
    for command in started:
        if command.poll() is None:
            os.killpg(command.pid, signal.SIGKILL)
        command.wait()


def wait_until_said(toys: Toys, words: str) -> None:
    """Return once a command that was started has said that."""
    wait_for(toys.sign("said"), holds=words)


def test_a_second_command_waits_for_the_very_task_that_the_first_builds_and_does_not_build_it_again(
    toys: Toys, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    first = start("Pair", "--workers", "2")
    wait_for(toys.sign("slow.tries"))
    second = start("Toy", *SLOW, "--workers", "1")
    wait_until_said(toys, "Toy-slow: waiting for the process that builds it")
    toys.sign("slow.go").touch()
    assert (first.wait(60), second.wait(60)) == (0, 0)
    assert toys.num_tries("slow") == 1
    assert sorted(toys.built()) == ["Pair", "Toy-quick", "Toy-slow"]


@pytest.mark.slow
def test_the_same_command_given_twice_at_once_is_no_error_and_builds_once(
    toys: Toys, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    first = start("Toy", *SLOW)
    wait_for(toys.sign("slow.tries"))
    second = start("Toy", *SLOW)
    wait_until_said(toys, "Toy-slow: waiting for the process that builds it")
    toys.sign("slow.go").touch()
    assert (first.wait(60), second.wait(60)) == (0, 0)
    assert toys.built() == ["Toy-slow"]


def test_a_command_does_not_wait_for_a_task_of_another_that_it_does_not_need(
    toys: Toys, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    first = start("Toy", *SLOW)
    wait_for(toys.sign("slow.tries"))
    done = toys.give("Toy", "--name", "quick")
    assert done.returncode == 0, done.stderr
    assert first.poll() is None
    assert toys.built() == ["Toy-quick"]
    toys.sign("slow.go").touch()
    assert first.wait(60) == 0


@pytest.mark.slow
def test_a_command_that_waits_takes_over_from_one_that_was_killed(
    toys: Toys, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    first = start("Toy", *SLOW)
    wait_for(toys.sign("slow.tries"))
    second = start("Toy", *SLOW, "--workers", "1")
    wait_until_said(toys, "Toy-slow: waiting for the process that builds it")
    os.killpg(first.pid, signal.SIGKILL)
    toys.sign("slow.go").touch()
    assert second.wait(60) == 0
    assert toys.num_tries("slow") == 2
    assert toys.built() == ["Toy-slow"]
