"""Torch used in luigi's own process, on several threads, before any worker is started; and a task that uses it too."""

from __future__ import annotations

import luigi
import torch

from tasks.artifact import ArtifactTask, Job


def multiply() -> float:
    """Enough work for torch to share among threads; OpenMP's live on in this process."""
    torch.set_num_threads(2)
    return float((torch.ones(512, 512) @ torch.ones(512, 512)).exp().sum().isinf())


class Multiplied(ArtifactTask):
    """A task of ours that uses torch."""

    folder: luigi.Parameter[str] = luigi.Parameter(significant=False)
    entry = ("data.progress",)

    def build(self, job: Job) -> None:
        (job.result / "product").write_text(str(multiply()))


multiply()

import pipeline  # noqa: E402, F401  (it checks the command, so it comes after the task)
