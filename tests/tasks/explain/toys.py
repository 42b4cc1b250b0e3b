"""Toy tasks: Village reads Mill and Quarry, Mill reads the parity of Quarry's number, Quarry may read a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import luigi
from luigi.task_register import Register

from tasks.artifact import ArtifactTask, Job
from tasks.explain.standing import Standing, standings
from tasks.node import Input
from tasks.settings import current_store
from tasks.sources import SourceFile


class Quarry(ArtifactTask):
    number: luigi.IntParameter = luigi.IntParameter(default=1)
    file: luigi.Parameter[str] = luigi.Parameter(default="")
    entry = ("data.draws",)
    libraries = ("numpy",)

    def inputs(self) -> Mapping[str, Input]:
        return {"file": Input(node=SourceFile(path=self.file))} if self.file else {}

    def settings(self) -> Mapping[str, Any]:
        return {"number": self.number, "seed": 7}

    def build(self, job: Job) -> None:
        (job.result / "parity.txt").write_text(str(self.number % 2))
        (job.result / "number.txt").write_text(str(self.number))


class Mill(ArtifactTask):
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {"quarry": Input(node=Quarry(), results=("parity.txt",))}

    def build(self, job: Job) -> None:
        (job.result / "mill.txt").write_bytes((job.inputs["quarry"] / "parity.txt").read_bytes())


class Village(ArtifactTask):
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {"mill": Input(node=Mill()), "quarry": Input(node=Quarry(), results=("number.txt",))}

    def build(self, job: Job) -> None:
        (job.result / "village.txt").write_bytes((job.inputs["quarry"] / "number.txt").read_bytes())


def build(task: luigi.Task) -> None:
    """Build it as a fresh command does."""
    Register.clear_instance_cache()
    assert luigi.build([task], workers=1, local_scheduler=True, log_level="CRITICAL")
    Register.clear_instance_cache()


def set_of(family: str, **values: str | int) -> None:
    """Set parameters as luigi.cfg would; a fresh command reads them."""
    for name, value in values.items():
        luigi.configuration.get_config().set(family, name, str(value))
    Register.clear_instance_cache()


def standing_of(root: luigi.Task) -> dict[str, Standing]:
    """How everything stands, by label, in the order in which it is given."""
    return {standing.label: standing for standing in standings(root, current_store()).values()}


def tree(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file and folder below `root` with its inode, time and content."""
    found = {}
    for path in sorted(root.rglob("*")):
        stat = path.lstat()
        is_file = path.is_file() and not path.is_symlink()
        found[str(path)] = (stat.st_ino, stat.st_mtime_ns, path.read_bytes() if is_file else b"")
    return found
