"""What the artifact base promises, on two toy tasks: an upper one that reads a lower one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import luigi
import pytest
from luigi.task_register import Register

from data.errors import ContractError, UserError
from tasks.artifact import ArtifactTask, Job
from tasks.node import Input

built: list[str] = []


class Lower(ArtifactTask):
    number: luigi.IntParameter = luigi.IntParameter(default=1)
    entry = ("data.draws",)

    def settings(self) -> Mapping[str, Any]:
        return {"number": self.number}

    def build(self, job: Job) -> None:
        built.append("Lower")
        (job.result / "parity.txt").write_text(str(self.number % 2))
        (job.result / "number.txt").write_text(str(self.number))


class Upper(ArtifactTask):
    reads: luigi.Parameter[str] = luigi.Parameter(default="parity.txt")
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {"lower": Input(node=Lower(), results=(self.reads,))}

    def build(self, job: Job) -> None:
        built.append("Upper")
        (job.result / "copy.txt").write_bytes((job.inputs["lower"] / self.reads).read_bytes())


class Failing(ArtifactTask):
    entry = ("data.progress",)

    def build(self, job: Job) -> None:
        (job.result / "half.txt").write_text("half")
        raise ContractError(expected="whole rows", found="half", where="half.txt, row 1", way_out="mend it")


class Silent(ArtifactTask):
    entry = ("data.progress",)

    def build(self, job: Job) -> None:
        """Write nothing at all."""


class Going(ArtifactTask):
    entry = ("data.progress",)

    def can_go_on(self, scratch: Path) -> bool:
        return (scratch / "checkpoint.txt").exists()

    def build(self, job: Job) -> None:
        (job.scratch / "checkpoint.txt").touch()
        with (job.scratch / "checkpoint.txt").open("a") as file:
            file.write("x")
        if len((job.scratch / "checkpoint.txt").read_text()) < 2:
            raise OSError("killed")
        (job.result / "weights.txt").write_text("trained")


def run(task: luigi.Task) -> bool:
    """Build in this process, as a fresh command would: nothing is remembered from before."""
    Register.clear_instance_cache()
    built.clear()
    return bool(luigi.build([task], workers=1, local_scheduler=True, log_level="CRITICAL"))


def set_number(value: int) -> None:
    luigi.configuration.get_config().set("Lower", "number", str(value))


def test_a_second_run_builds_nothing(workspace: Path) -> None:
    assert run(Upper())
    assert built == ["Lower", "Upper"]
    assert run(Upper())
    assert built == []


def test_a_changed_parameter_rebuilds_exactly_what_descends_from_it_and_keeps_the_old_artifact(workspace: Path) -> None:
    run(Upper())
    set_number(2)
    assert run(Upper())
    assert built == ["Lower", "Upper"]
    set_number(1)
    assert run(Upper())
    assert built == []


def test_equal_bytes_stop_the_rebuilding(workspace: Path) -> None:
    run(Upper())
    set_number(3)  # another number of the same parity, and Upper reads the parity alone
    assert run(Upper())
    assert built == ["Lower"]


def test_a_deleted_artifact_is_rebuilt_and_nothing_else_as_its_bytes_are_the_same(workspace: Path) -> None:
    run(Upper())
    artifact = next((workspace / "store" / "Lower").iterdir())
    artifact.rename(workspace / "elsewhere")
    assert run(Upper())
    assert built == ["Lower"]


def test_a_truncated_file_is_seen_rebuilt_and_the_damaged_artifact_set_aside(workspace: Path) -> None:
    run(Upper())
    file = next((workspace / "store" / "Lower").glob("*/result/number.txt"))
    file.write_text("")
    assert run(Upper())
    assert built == ["Lower"]
    assert file.read_text() == "1"
    assert len(list((workspace / "quarantine").iterdir())) == 1


def test_a_users_mistake_leaves_no_partial_artifact(workspace: Path) -> None:
    assert not run(Failing())
    assert not (workspace / "store").exists()
    assert list((workspace / "partial").iterdir()) == []


def test_a_task_that_writes_nothing_fails(workspace: Path) -> None:
    assert not run(Silent())
    assert not (workspace / "store").exists()


def test_long_work_finds_its_scratch_folder_again(workspace: Path) -> None:
    assert not run(Going())
    assert run(Going())
    published = next((workspace / "store" / "Going").iterdir())
    assert sorted(path.name for path in published.iterdir()) == ["manifest.json", "record", "result"]


def test_the_manifest_names_what_decided_and_what_was_only_recorded(workspace: Path) -> None:
    run(Upper())
    manifest = json.loads((workspace / "current" / "Upper" / "manifest.json").read_text())
    lower = json.loads((workspace / "current" / "Lower" / "manifest.json").read_text())
    assert set(manifest["decided_by"]) == {"family", "settings", "code", "libraries", "inputs"}
    assert lower["decided_by"]["settings"] == {"number": 1}
    assert "data.progress" in manifest["decided_by"]["code"]
    assert manifest["result"]["files"]["copy.txt"]["bytes"] == 1
    # the SHA-256 of the one character "1"
    assert manifest["result"]["files"]["copy.txt"]["sha256"].startswith("6b86b273ff34fce1")
    assert str(workspace) not in json.dumps({**manifest, "recorded": None})


def test_a_moved_workspace_is_still_current(workspace: Path) -> None:
    run(Upper())
    moved = workspace.with_name("moved")
    workspace.rename(moved)
    luigi.configuration.get_config().set("workspace", "root", str(moved))
    assert run(Upper())
    assert built == []
    assert (moved / "current" / "Upper" / "result" / "copy.txt").read_text() == "1"


def test_completeness_of_a_ladder_of_diamonds_asks_each_node_once(workspace: Path) -> None:
    below: type[ArtifactTask] | None = None
    for level in range(18):
        below = rung(level, below)
    assert below is not None
    run(below())
    Register.clear_instance_cache()
    decisions.clear()
    assert below().complete()
    assert len(decisions) == 18


decisions: list[str] = []


def rung(level: int, below: type[ArtifactTask] | None) -> type[ArtifactTask]:
    """A task that reads the one below twice."""

    def inputs(self: ArtifactTask) -> Mapping[str, Input]:
        return {} if below is None else {"left": Input(node=below()), "right": Input(node=below())}

    def settings(self: ArtifactTask) -> Mapping[str, Any]:
        decisions.append(type(self).__name__)
        return {}

    def build(self: ArtifactTask, job: Job) -> None:
        (job.result / "level.txt").write_text(str(level))

    members = {
        "inputs": inputs,
        "settings": settings,
        "build": build,
        "entry": ("data.progress",),
        "__module__": __name__,
    }
    return type(ArtifactTask)(f"Rung{level}", (ArtifactTask,), members)


def test_a_user_error_crosses_processes_with_its_four_parts() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(UserError(expected="a", found="b", where="c", way_out="d")))
    assert (error.expected, error.found, error.where, error.way_out) == ("a", "b", "c", "d")


@pytest.fixture(autouse=True)
def _no_number() -> None:
    luigi.configuration.get_config().remove_option("Lower", "number") if luigi.configuration.get_config().has_section(
        "Lower"
    ) else None
