"""Small tasks for the promises about failures, for luigi's real command: `luigi --module tests.guarantees.toys NAME`.

No test imports this: its names are luigi's for the whole process. In `folder` they leave signs for a test, and find
those that it leaves for them.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import luigi

from data import shards
from data.errors import ContractError
from data.shards import Finished, PartFiles
from data.workers import in_order
from tasks.artifact import ArtifactTask, Job
from tasks.console import TaskProgress
from tasks.node import Input
from tasks.pins import Pin
from tasks.sharded import ShardedTask
from tasks.sources import SourceFile
from tasks.training import TrainingTask
from tests.guarantees.signs import num_tries, wait_for

FAULTS: Mapping[str, Callable[[], Exception]] = {
    "disk": lambda: OSError(errno.EIO, "Input/output error", "pictures.h5"),
    "HDF5": lambda: OSError("Can't read data (file read failed: errno = 5, error message = 'Input/output error')"),
    "Arrow": lambda: OSError("Error reading bytes from file. Detail: [errno 5] Input/output error"),
    "mistake": lambda: ContractError(expected="whole rows", found="half", where="rows.txt, row 1", way_out="mend it"),
    "bug": lambda: ZeroDivisionError("division by zero"),
}


def fail_at_first(folder: Path, name: str, *, kind: str, times: int) -> None:
    """Count this try in a file, and raise that kind of error in the first so many."""
    with (folder / f"{name}.tries").open("a") as file:
        file.write("x")
    if num_tries(folder, name) <= times:
        raise FAULTS[kind]()


class Toy(ArtifactTask):
    """Writes one file, after it has failed so many times, and once the sign that it `waits` for is there."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    name: luigi.Parameter[str] = luigi.Parameter(default="toy")
    kind: luigi.Parameter[str] = luigi.Parameter(default="disk", significant=False)
    times: luigi.IntParameter = luigi.IntParameter(default=0, significant=False)
    waits: luigi.BoolParameter = luigi.BoolParameter(default=False, significant=False)
    num_bytes: luigi.IntParameter = luigi.IntParameter(default=3)
    entry = ("data.progress",)

    @property
    def variant(self) -> str:
        return self.name

    def settings(self) -> Mapping[str, Any]:
        return {"name": self.name, "num_bytes": self.num_bytes}

    def build(self, job: Job) -> None:
        fail_at_first(Path(self.folder), self.name, kind=self.kind, times=self.times)
        job.progress(0.5, f"half of {self.name}")
        if self.waits:
            wait_for(Path(self.folder) / f"{self.name}.go")
        with (job.result / "bytes").open("wb") as file:
            for _ in range(self.num_bytes):
                file.write(b"x")


class Silent(ArtifactTask):
    """Writes nothing."""

    entry = ("data.progress",)

    def build(self, job: Job) -> None:
        pass


class Sharded(ShardedTask):
    """Four shards of 1, 2, 3 and 4 times `num_bytes`, in spawned processes; the third fails so many times."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    kind: luigi.Parameter[str] = luigi.Parameter(default="disk", significant=False)
    times: luigi.IntParameter = luigi.IntParameter(default=0, significant=False)
    num_bytes: luigi.IntParameter = luigi.IntParameter(default=3)
    entry = ("data.shards",)

    def settings(self) -> Mapping[str, Any]:
        return {"num_bytes": self.num_bytes}

    def build(self, job: Job) -> None:
        workplace = self.workplace(job)
        parts = PartFiles(workplace=workplace, name="rows", suffix=".txt")
        items = {shards.part_name(number): shards.part_name(number) for number in range(4)}
        work = functools.partial(
            write_shard, parts.folder, folder=self.folder, kind=self.kind, times=self.times, num_bytes=self.num_bytes
        )
        finished = shards.build("rows", items, work, shelf=parts, workplace=workplace, progress=job.progress)
        shards.publish({"rows": (parts, finished)}, job.result)


def write_shard(parts: Path, name: str, *, folder: str, kind: str, times: int, num_bytes: int) -> Finished:
    """One shard; the third may fail."""
    fail_at_first(Path(folder), name, kind=kind, times=times if name == "part-00002" else 0)
    content = name[-1] * num_bytes * (int(name[-1]) + 1)

    def write(path: Path) -> None:
        path.write_text(content)

    return Finished(digest=shards.write_part(parts / f"{name}.txt", write))


class Held(ArtifactTask):
    """Two workers of a pool that wait for a sign."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    entry = ("data.workers",)

    def build(self, job: Job) -> None:
        (job.result / "held").write_text("".join(in_order(hold, [self.folder] * 2, num_workers=2)))


def hold(folder: str) -> str:
    """Say that this worker is there, then wait for the sign."""
    fail_at_first(Path(folder), "held", kind="disk", times=0)
    wait_for(Path(folder) / "held.go")
    return "x"


class FillsUp(ArtifactTask):
    """Writes little, and at its first try leaves no room for anything else on the disk of `folder`."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    entry = ("data.progress",)

    def build(self, job: Job) -> None:
        (job.result / "little").write_text("little")
        ballast = Path(self.folder) / "ballast"
        if not ballast.exists():
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))


class Torn(ArtifactTask):
    """Reads a file of the user that cannot be read the first times."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    path: luigi.Parameter[str] = luigi.Parameter(significant=False)
    times: luigi.IntParameter = luigi.IntParameter(significant=False)
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {"source": Input(node=TornFile(path=self.path, folder=self.folder, times=self.times))}

    def build(self, job: Job) -> None:
        (job.result / "copy").write_bytes(job.inputs["source"].read_bytes())


class TornFile(SourceFile):
    """A source file whose disk fails the first times."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    times: luigi.IntParameter = luigi.IntParameter(significant=False)

    def _read(self, progress: TaskProgress) -> Pin:
        fail_at_first(Path(self.folder), "torn", kind="disk", times=self.times)
        return super()._read(progress)


class Pair(ArtifactTask):
    """Reads a toy that waits for a sign, and one that does not."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {
            "slow": Input(node=Toy(folder=self.folder, name="slow", waits=True)),
            "quick": Input(node=Toy(folder=self.folder, name="quick")),
        }

    def build(self, job: Job) -> None:
        (job.result / "both").write_text("both")


class OnGpu(TrainingTask):
    """Writes whether it met the task of the `other` name while it ran."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    name: luigi.Parameter[str] = luigi.Parameter()
    other: luigi.Parameter[str] = luigi.Parameter()
    waits_s: luigi.FloatParameter = luigi.FloatParameter(significant=False)
    libraries = ()
    entry = ("data.progress",)

    @property
    def variant(self) -> str:
        return self.name

    def settings(self) -> Mapping[str, Any]:
        return {"name": self.name, "device": self.device}

    def build(self, job: Job) -> None:
        runs, other_runs = (Path(self.folder) / f"{name}.runs" for name in (self.name, self.other))
        runs.touch()
        end = time.monotonic() + self.waits_s
        while not other_runs.exists() and time.monotonic() < end:
            time.sleep(0.02)
        met = other_runs.exists()
        if met:
            time.sleep(0.2)  # so that the other, too, sees this one's sign
        runs.unlink()
        (job.result / "saw").write_text("the other" if met else "nobody")


class TwoOnGpu(ArtifactTask):
    """Reads two tasks that would run on the same device."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    device: luigi.Parameter[str] = luigi.Parameter(default="cuda")
    waits_s: luigi.FloatParameter = luigi.FloatParameter(default=2.0, significant=False)
    entry = ("data.progress",)

    def inputs(self) -> Mapping[str, Input]:
        return {
            name: Input(
                node=OnGpu(folder=self.folder, device=self.device, name=name, other=other, waits_s=self.waits_s)
            )
            for name, other in (("one", "two"), ("two", "one"))
        }

    def build(self, job: Job) -> None:
        saw = [(path / "saw").read_text() for path in job.inputs.values()]
        (job.result / "saw").write_text(", ".join(saw))


import pipeline  # noqa: E402, F401  (it checks the command, so it comes after the tasks)
