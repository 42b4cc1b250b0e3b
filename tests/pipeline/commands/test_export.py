"""`multigrain export`: what is written from which artifact, and what is refused."""

from __future__ import annotations

from pathlib import Path

import luigi
import pytest

from tasks.artifact import ArtifactTask, Job
from tests.model import tiny
from tests.model.huggingface.trained import network_of, write
from tests.pipeline.commands.verbs import Ask
from tests.tasks.upkeep.toys import Ground, folder, run, write_into

FILES = ["config.json", "model.safetensors", "vocab.txt"]


class Trained(ArtifactTask):
    """What a stage leaves, with random weights."""

    positions: luigi.Parameter[str] = luigi.Parameter(default="piece")
    entry = ("data.progress",)

    def build(self, job: Job) -> None:
        (job.scratch / "tiny").mkdir()
        made = tiny.make(job.scratch / "tiny")
        network = network_of(options={"positions": self.positions})
        write(job.scratch / "trained", made, made.facts(), network=network, seed=1)
        for file in (job.scratch / "trained").iterdir():
            file.rename(job.result / file.name)


@pytest.fixture
def trained(workspace: Path) -> Path:
    run(Trained())
    return workspace


def test_a_stage_is_written_by_its_label_or_a_path(trained: Path, ask: Ask, tmp_path: Path) -> None:
    # Each of two layers has 42 tensors; tables 3, norms and projections outside layers 12, MLM 5, matching 2.
    said = ask("export", "Trained", "--into", str(tmp_path / "one"))
    assert said.code == 0, said.err
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == FILES
    assert said.lines == [
        f"{tmp_path}/one: 106 tensors of LxmertForPreTraining",
        "left out, since the form has no place for them: heads.moc",
    ]
    said = ask("export", str(folder(trained, "Trained") / "result"), "--into", str(tmp_path / "two"), "--json")
    assert said.json["left_out"] == ["heads.moc"]
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_an_existing_folder_is_refused(trained: Path, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    said = ask("export", "Trained", "--into", str(tmp_path / "there"))
    assert said.code == 2
    assert "something that is there already" in said.err
    assert list((tmp_path / "there").iterdir()) == []


def test_an_artifact_without_weights_is_refused(workspace: Path, ask: Ask, tmp_path: Path) -> None:
    run(Ground())
    said = ask("export", "Ground", "--into", str(tmp_path / "there"))
    assert said.code == 2
    assert "a stage, or FineTune" in said.err


def test_a_damaged_artifact_is_refused(trained: Path, ask: Ask, tmp_path: Path) -> None:
    write_into(folder(trained, "Trained") / "result" / "vocab.txt", "other words")
    said = ask("export", "Trained", "--into", str(tmp_path / "there"))
    assert said.code == 2
    assert "vocab.txt" in said.err
    assert not (tmp_path / "there").exists()


def test_a_network_that_the_form_cannot_hold_is_refused_with_the_reason(
    workspace: Path, ask: Ask, tmp_path: Path
) -> None:
    run(Trained(positions="word"))
    said = ask("export", "Trained", "--into", str(tmp_path / "there"))
    assert said.code == 2
    assert "positions = word" in said.err
