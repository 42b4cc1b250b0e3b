"""`multigrain rebuild` has luigi build a task again, and puts back what was there if that fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import luigi
import pytest
from click.testing import Result

from data.errors import UserError
from pipeline import asked
from tasks.upkeep import giving
from tests import commands
from tests.guarantees.workspaces import files
from tests.pipeline.commands.asking import small
from tests.tasks.upkeep.toys import Top, folder, run


@pytest.fixture
def given_to_luigi(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, ...]]]:
    """Notes what luigi would be given, and builds the toys here instead."""
    noted: list[tuple[str, ...]] = []

    def build(arguments: tuple[str, ...]) -> int:
        noted.append(tuple(arguments))
        run(Top())
        return 0

    monkeypatch.setattr(giving, "give", build)
    before = signal.getsignal(signal.SIGTERM)
    yield noted
    signal.signal(signal.SIGTERM, before)


def test_the_named_task_alone_is_built_with_the_same_flags(
    workspace: Path, give: Callable[..., Result], given_to_luigi: list[tuple[str, ...]]
) -> None:
    run(Top())
    given = give("rebuild", "Ground", "--number", "1", "--workers", "1")
    assert given.exit_code == 0, given.exception
    assert given.output.startswith(f"Ground: the same bytes; what it was: {workspace / 'replaced'}")
    assert given_to_luigi == [("Ground", "--number", "1", "--workers", "1")]


def test_what_descends_from_it_in_the_main_job_is_built_again_under_the_same_settings(
    workspace: Path,
    give: Callable[..., Result],
    given_to_luigi: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.asked.MAIN_JOB", "Top")
    luigi.configuration.get_config().set("Ground", "number", "2")
    run(Top())
    luigi.configuration.get_config().remove_section("Ground")
    before = {label: (folder(workspace, label) / "result").stat().st_ino for label in ("Ground", "Middle", "Top")}
    given = give("rebuild", "Ground", "--number", "2", "--downstream")
    assert given.exit_code == 0, given.exception
    assert given_to_luigi == [("Top", "--Ground-number=2")]
    assert all((folder(workspace, label) / "result").stat().st_ino != inode for label, inode in before.items())
    assert len(list((workspace / "replaced").iterdir())) == 3


def test_a_label_stands_for_its_task_with_what_identifies_it_and_for_no_flag_of_the_whole_job(workspace: Path) -> None:
    flags = ["--profile", "smoke", "--FineTune-seed", "3"]
    with asked.about("FineTune-vqa-after-token", flags) as given:
        alone = asked.alone(given.task, flags)
    assert alone == ("FineTune", "--benchmark=vqa", "--after=token", "--sees=pair", *flags)
    with asked.about(alone[0], alone[1:]) as given:
        again = given.task
        assert again.label == "FineTune-vqa-after-token"
        main = asked.for_main_job(again, [*alone[1:], "--batch-size", "7"])
    assert main == ("FullCurriculum", "--profile=smoke", "--FineTune-seed=3", "--FineTune-batch-size=7")


def test_the_main_job_itself_has_nothing_to_replace(workspace: Path, give: Callable[..., Result]) -> None:
    assert isinstance(give("rebuild", "FullCurriculum").exception, UserError)


def test_luigi_builds_it_and_its_failure_leaves_what_was_there(tmp_path: Path) -> None:
    built = small(tmp_path)
    inode = (built.table / "result" / "images.parquet").stat().st_ino
    asked = built.ask("rebuild", "ImageTable", *built.flags, "--seed", "5")
    assert asked.returncode == 0, asked.stderr
    assert "ImageTable: the same bytes" in asked.stdout
    assert "built in" in asked.stderr
    assert (built.table / "result" / "images.parquet").stat().st_ino != inode

    before = files(built.root)
    (built.root / "partial").rmdir()
    (built.root / "partial").touch()  # so that luigi's task has nowhere to build
    asked = built.ask("rebuild", "ImageTable", *built.flags, "--seed", "5")
    assert asked.returncode == 30
    assert "what was there is there again" in asked.stderr
    assert files(built.root) == before


# A rebuild of which luigi says its process id and then takes a minute.
SLOW = """
import sys
from pipeline.cli import main
from tasks.upkeep import giving
program = "import os, time; print('building', os.getpid(), flush=True); time.sleep(60)"
giving._command = lambda arguments: [sys.executable, "-c", program]
main()
"""


def test_a_rebuild_that_is_ended_puts_back_what_was_there_and_leaves_no_process(tmp_path: Path) -> None:
    built = small(tmp_path)
    before = files(built.root)
    arguments = ("rebuild", "ImageTable", *built.flags, "--seed", "5", "--workspace-root", str(built.root))
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments], cwd=tmp_path, env=commands.environment(), stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = next(line for line in process.stderr if line.startswith(b"building"))
        assert files(built.root) == {}
        process.terminate()
        assert process.wait() == 128 + signal.SIGTERM
    assert files(built.root) == before
    with pytest.raises(ProcessLookupError):
        os.kill(int(said.split()[1]), 0)
