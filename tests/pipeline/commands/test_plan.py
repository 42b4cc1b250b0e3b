"""`multigrain plan`: every task with its reason and cost before anything is built, and nothing written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tasks import history
from tasks.history import Built
from tests import commands
from tests.pipeline.commands.verbs import Ask, build
from tests.tasks.explain.toys import tree


def test_before_anything_is_built_it_names_every_task_of_the_main_job_in_an_order_to_build_in(
    workspace: Path, ask: Ask
) -> None:
    said = ask("plan")
    assert said.code == 1
    first_words = [line.split(" ")[0] for line in said.lines]
    order = ["World", "ImageTable", "RegionFeatures", "TokenCorpus", "TokenStage", "SentenceStage", "Report"]
    assert sorted(order, key=first_words.index) == order
    assert "World to do ? 0 B ? never built" in said.lines
    assert not workspace.exists()


def test_estimates_come_from_the_history_and_add_up(workspace: Path, ask: Ask) -> None:
    workspace.mkdir()
    for label, seconds in (("World", 12.0), ("ImageTable", 3.5)):
        built = Built(
            label=label,
            family=label,
            key="0" * 64,
            settings="1" * 64,
            started="2026-01-01T00:00:00+00:00",
            seconds=seconds,
            read_bytes=1500,
            written_bytes=2_000_000,
        )
        history.note(workspace, built)
    before = tree(workspace)
    said = ask("plan", "RegionFeatures")
    assert "World to do 12 s 0 B 2.0 MB what was built is gone" in said.lines
    assert "ImageTable to do 3.5 s 1.5 kB 2.0 MB what was built is gone; waits for World" in said.lines
    # 12 + 3.5 = 15.5
    assert said.lines[-1] == "3 of 3 to do, about 16 s; of 1 it is not known how long they take (?)."
    assert tree(workspace) == before


def test_a_source_shows_as_unknown_until_read_and_then_as_pinned(captions: Path, ask: Ask, workspace: Path) -> None:
    os.truncate(captions, 49_000_000_000)  # a hole: nothing of it is on the disk
    said = ask("plan", "ImageTable")
    # 49 GB at 800 MB a second are 61 s
    assert f"{captions} to do 1 min 1 s 49.0 GB 0 B unknown until read (49.0 GB, about 1 min 1 s)" in said.lines
    assert not workspace.exists()


def test_it_exits_0_when_all_is_current_and_1_again_after_a_change_and_writes_nothing(built: Path, ask: Ask) -> None:
    before = tree(built)
    said = ask("plan", "ImageTable")
    assert said.code == 0, said.out
    assert said.lines[-1] == "All of 2 are current: nothing to do."
    said = ask("plan", "--ImageTable-seed", "2", "ImageTable")  # luigi's flags may stand anywhere
    assert said.code == 1
    assert next(line for line in said.lines if line.startswith("ImageTable to do")).endswith("setting seed: 1 -> 2")
    assert tree(built) == before
    assert ask("plan", "ImageTable", "--seed", "2", "--json").json["num_to_do"] == 1


def test_it_is_json_for_programs(built: Path, ask: Ask) -> None:
    said = ask("plan", "ImageTable", "--json")
    assert said.code == 0
    assert [task["state"] for task in said.json["tasks"]] == ["current", "current"]
    build(seed=2)
    assert ask("plan", "ImageTable", "--json").json["tasks"][1]["reason"] == "built before: nothing to run"


def test_a_mistyped_task_flag_or_label_exits_2_with_the_nearest(ask: Ask, workspace: Path) -> None:
    for words, nearest in (
        (("ImageTabel",), "ImageTable"),
        (("ImageTable", "--sed", "2"), "--seed"),
        (("Evaluate-vaq",), "Evaluate-vqa"),
    ):
        said = ask("plan", *words)
        assert said.code == 2
        assert f"did you mean {nearest}?" in said.err


def test_the_installed_command_plans_in_an_empty_folder_without_any_configuration_and_leaves_it_empty(
    tmp_path: Path,
) -> None:
    multigrain = Path(sys.executable).with_name("multigrain")
    done = subprocess.run(
        [multigrain, "plan", "TokenCorpus"],
        cwd=tmp_path,
        env=commands.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].startswith("5 of 5 to do")
    assert list(tmp_path.iterdir()) == []
