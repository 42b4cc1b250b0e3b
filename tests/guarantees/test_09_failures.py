"""Promise 9: a failure is loud and one screen; a fault that passes costs no second command; a mistake is met once."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests import commands
from tests.guarantees.giving import SOON, Toys

PLAIN = '''
import luigi

class Broken(luigi.Task):
    """A plain task that fails."""

    retry_count = 3

    def output(self):
        return luigi.LocalTarget("never.txt")

    def run(self):
        with open("tries.txt", "a") as file:
            file.write("x")
        raise OSError(5, "Input/output error")

class Silent(luigi.Task):
    """A plain task that writes nothing."""

    def output(self):
        return luigi.LocalTarget("never.txt")

    def run(self):
        pass
'''


def screens(said: str) -> int:
    """How often a failure was told on the terminal."""
    return said.count(" stopped.\n")


def the_log(toys: Toys) -> str:
    """The whole log of the only command."""
    (log,) = (toys.root / "logs").iterdir()
    return log.read_text("utf-8")


@pytest.mark.parametrize(
    ("kind", "cause", "workers"),
    [
        ("mistake", "  way out   mend it\n", "2"),
        ("bug", "  cause     ZeroDivisionError: division by zero\n", "1"),
        pytest.param("mistake", "  way out   mend it\n", "1", marks=pytest.mark.slow),
        pytest.param("bug", "  cause     ZeroDivisionError: division by zero\n", "2", marks=pytest.mark.slow),
    ],
)
def test_a_failure_is_tried_once_and_is_one_screen_with_the_command_that_goes_on(
    kind: str, cause: str, workers: str, toys: Toys
) -> None:
    done = toys.give("Toy", "--name", "in two words", "--kind", kind, "--times", "1", "--workers", workers)
    assert done.returncode == 30
    assert toys.num_tries("in two words") == 1
    said = done.stdout + done.stderr
    assert "Toy-in two words stopped.\n" in said
    assert screens(said) == 1
    assert cause in said
    assert "Traceback" not in said
    assert len(said.splitlines()) < 10
    (log,) = (toys.root / "logs").iterdir()
    assert f"  log       {log}\n" in said
    assert "Traceback" in log.read_text("utf-8")
    (go_on,) = [line for line in said.splitlines() if line.startswith("  go on ")]
    resumed = shlex.split(go_on.removeprefix("  go on "))
    assert resumed[0] == "luigi"
    again = subprocess.run(
        [commands.LUIGI, *resumed[1:]],
        cwd=toys.folder,
        env=commands.environment({"PYTHONPATH": str(commands.CHECKOUT)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stderr
    assert toys.built() == ["Toy-in two words"]


def test_a_task_that_writes_nothing_fails(toys: Toys) -> None:
    done = toys.give("Silent")
    assert done.returncode == 30
    assert screens(done.stderr) == 1
    assert "  cause     AssertionError: Silent wrote nothing\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in the_log(toys)


@pytest.mark.parametrize(
    ("task", "kind", "workers"),
    [
        ("Toy", "disk", "1"),
        ("Sharded", "HDF5", "2"),
        pytest.param("Toy", "Arrow", "2", marks=pytest.mark.slow),
        pytest.param("Sharded", "disk", "1", marks=pytest.mark.slow),
    ],
)
def test_a_fault_that_passes_is_said_and_costs_no_second_command(
    task: str, kind: str, workers: str, toys: Toys
) -> None:
    done = toys.give(task, "--kind", kind, "--times", "2", "--workers", workers, *SOON)
    assert done.returncode == 0, done.stderr
    assert toys.num_tries("toy" if task == "Toy" else "part-00002") == 3
    assert "trying again in 0.01 s (1 of 3)" in done.stderr
    assert "trying again in 0.02 s (2 of 3)" in done.stderr
    assert screens(done.stderr) == 0
    assert len(toys.built()) == 1
    # a shard that was finished before the fault is not built again
    assert all(toys.num_tries(f"part-0000{number}") <= 1 for number in (0, 1, 3))


@pytest.mark.slow
def test_a_source_that_cannot_be_read_for_a_moment_is_read_in_the_same_command(toys: Toys) -> None:
    source = toys.sign("captions.json")
    source.write_text("{}")
    done = toys.give("Torn", "--path", str(source), "--times", "2", *SOON)
    assert done.returncode == 0, done.stderr
    assert toys.num_tries("torn") == 3
    assert "TornFile: [Errno 5] Input/output error: 'pictures.h5'; trying again in 0.01 s (1 of 3)" in done.stderr


@pytest.mark.slow
def test_a_fault_that_stays_longer_than_the_retries_fails(toys: Toys) -> None:
    done = toys.give("Toy", "--times", "9", "--workspace-num-retries", "2", *SOON)
    assert done.returncode == 30
    assert toys.num_tries("toy") == 3
    assert screens(done.stderr) == 1
    assert "  found     [Errno 5] Input/output error: 'pictures.h5'; 3 times\n" in done.stderr


def test_a_scheduler_that_is_gone_in_the_middle_is_one_screen_and_no_zero(toys: Toys) -> None:
    """Luigi's own worker ends with an error: nobody but luigi tells of it, and only in its log."""
    done = toys.give("Toy", module="tests.guarantees.lost_scheduler")
    assert done.returncode == 40
    assert screens(done.stderr) == 1
    assert "luigi stopped.\n  cause     RPCError: luigid is gone\n" in done.stderr
    assert "Traceback" not in done.stderr


def plain(task: str, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Give luigi's command for a plain task, in a folder without any configuration."""
    (folder / "plain.py").write_text(PLAIN)
    return subprocess.run(
        [commands.LUIGI, "--module", "plain", task, "--local-scheduler", *flags],
        cwd=folder,
        env=commands.environment({"PYTHONPATH": str(folder)}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_trap_a_plain_task_that_failed_exits_0_and_its_retry_count_does_nothing(tmp_path: Path) -> None:
    done = plain("Broken", tmp_path)
    assert done.returncode == 0
    assert "Traceback" in done.stderr
    assert (tmp_path / "tries.txt").read_text() == "x"


def test_the_trap_a_plain_task_that_wrote_nothing_ran_successfully(tmp_path: Path) -> None:
    done = plain("Silent", tmp_path)
    assert done.returncode == 0
    assert "1 ran successfully" in done.stderr
    assert not (tmp_path / "never.txt").exists()
