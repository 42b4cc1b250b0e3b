"""With a real luigid: how far a task is shows while it runs, failures show, and exit codes are as they are without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guarantees.giving import Toys
from tests.guarantees.signs import wait_for
from tests.pipeline.luigid import Luigid, running


@pytest.fixture(scope="module")
def luigid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luigid]:
    with running(tmp_path_factory.mktemp("luigid")) as server:
        yield server


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    return Toys(folder=tmp_path)


@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_progress_message_and_the_way_to_the_report_show_while_a_task_runs(
    workers: str, luigid: Luigid, toys: Toys
) -> None:
    name = f"shown by {workers}"
    command = toys.start("Toy", "--name", name, "--waits", "--workers", workers, "--scheduler-url", luigid.url)
    try:
        tasks = luigid.wait_until(lambda tasks: tasks.get(f"Toy-{name}", {}).get("progress_percentage") == 50)
        task = tasks[f"Toy-{name}"]
        assert task["status"] == "RUNNING"
        assert task["tracking_url"] == (toys.root / "report.html").as_uri()
        assert luigid.ask("get_task_progress_percentage", task_id=task["id"])["progressPercentage"] == 50
        assert luigid.ask("get_task_status_message", task_id=task["id"])["statusMessage"] == f"half of {name}"
    finally:
        toys.sign(f"{name}.go").touch()
        assert command.wait(60) == 0
    assert luigid.tasks()[f"Toy-{name}"]["status"] == "DONE"


def test_a_failure_shows_and_exits_as_it_does_without_a_server(luigid: Luigid, toys: Toys) -> None:
    flags = ("--name", "wrong", "--kind", "mistake", "--times", "1", "--scheduler-port", str(luigid.port))
    done = toys.give("Toy", *flags)
    assert done.returncode == 30
    assert done.stderr.count(" stopped.\n") == 1
    assert "Traceback" not in done.stderr
    failed = luigid.tasks()["Toy-wrong"]
    assert failed["status"] == "FAILED"
    assert "found half" in luigid.ask("fetch_error", task_id=failed["id"])["error"]
    assert toys.give("Toy", *flags).returncode == 0
    assert luigid.tasks()["Toy-wrong"]["status"] == "DONE"


def test_a_task_that_another_command_of_the_server_builds_is_said_and_is_no_zero(luigid: Luigid, toys: Toys) -> None:
    flags = ("--name", "slow", "--waits", "--scheduler-url", luigid.url)
    first = toys.start("Toy", *flags)
    wait_for(toys.sign("slow.tries"))
    second = toys.give("Toy", *flags)
    toys.sign("slow.go").touch()
    assert first.wait(60) == 0
    assert second.returncode == 10
    assert second.stderr == "Another process builds Toy-slow; give the command again after it.\n"
    assert toys.built() == ["Toy-slow"]


@pytest.mark.slow
def test_a_server_that_luigi_cfg_names_is_used(luigid: Luigid, toys: Toys) -> None:
    toys.sign("luigi.cfg").write_text(f"[core]\ndefault-scheduler-url = {luigid.url}\n")
    done = toys.give("Toy", "--name", "from cfg")
    assert done.returncode == 0, done.stderr
    assert luigid.tasks()["Toy-from cfg"]["status"] == "DONE"


@pytest.mark.slow
def test_local_scheduler_does_without_the_server_that_luigi_cfg_names(luigid: Luigid, toys: Toys) -> None:
    toys.sign("luigi.cfg").write_text(f"[core]\ndefault-scheduler-url = {luigid.url}\n")
    done = toys.give("Toy", "--name", "alone", "--local-scheduler")
    assert done.returncode == 0, done.stderr
    assert "Toy-alone" not in luigid.tasks()


def test_a_server_that_does_not_answer_is_said_before_any_work(toys: Toys) -> None:
    done = toys.give("Toy", "--scheduler-url", "http://127.0.0.1:1/")
    assert done.returncode == 2
    assert "  found     no answer\n  where     http://127.0.0.1:1/\n" in done.stderr
    assert "--local-scheduler" in done.stderr
    assert "Traceback" not in done.stderr
    assert not toys.root.exists()


@pytest.mark.slow
def test_tasks_that_ask_for_the_gpu_run_one_after_the_other_under_the_server_too(luigid: Luigid, toys: Toys) -> None:
    done = toys.give("TwoOnGpu", "--workers", "2", "--scheduler-url", luigid.url)
    assert done.returncode == 0, done.stderr
    assert (toys.root / "current" / "TwoOnGpu" / "result" / "saw").read_text() == "nobody, nobody"
