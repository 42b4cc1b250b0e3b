"""Toy tasks to keep: a ground, a middle that reads a part of it, a top that reads the middle and the ground."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import luigi
from luigi.task_register import Register

from tasks.artifact import ArtifactTask, Job
from tasks.node import Input
from tasks.sources import SourceFile

built: list[str] = []


class Ground(ArtifactTask):
    number: luigi.IntParameter = luigi.IntParameter(default=1)
    entry = ("data.draws",)

    def settings(self) -> Mapping[str, Any]:
        return {"number": self.number, "sizes": (1, 2)}

    def build(self, job: Job) -> None:
        built.append("Ground")
        (job.result / "parity.txt").write_text(str(self.number % 2))
        (job.result / "part").mkdir()
        (job.result / "part" / "number.txt").write_text(str(self.number))
        (job.record / "log.txt").write_text("it went well")


class Middle(ArtifactTask):
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {"ground": Input(node=Ground(), results=("parity.txt",))}

    def build(self, job: Job) -> None:
        built.append("Middle")
        (job.result / "copy.txt").write_bytes((job.inputs["ground"] / "parity.txt").read_bytes())


class Top(ArtifactTask):
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {"middle": Input(node=Middle()), "ground": Input(node=Ground(), results=("part",))}

    def build(self, job: Job) -> None:
        built.append("Top")
        (job.result / "both.txt").write_bytes(
            (job.inputs["middle"] / "copy.txt").read_bytes()
            + (job.inputs["ground"] / "part" / "number.txt").read_bytes()
        )


class Copier(ArtifactTask):
    """Copies what its source holds."""

    source: luigi.Parameter[str] = luigi.Parameter(significant=False)
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {"source": Input(node=SourceFile(path=self.source))}

    def build(self, job: Job) -> None:
        built.append("Copier")
        (job.result / "copy.txt").write_bytes(job.inputs["source"].read_bytes())


def run(task: luigi.Task) -> list[str]:
    """What a fresh command that must succeed builds."""
    forget()
    assert luigi.build([task.clone()], workers=1, local_scheduler=True, log_level="CRITICAL")
    return list(built)


def forget() -> None:
    """As between two commands: nothing is remembered."""
    Register.clear_instance_cache()
    built.clear()


def folder(workspace: Path, label: str) -> Path:
    """The folder of the artifact that `current/` leads to."""
    return (workspace / "current" / label).resolve()


def write_into(file: Path, text: str) -> None:
    """Write into a published file, which is read-only."""
    file.chmod(0o644)
    file.write_text(text)
