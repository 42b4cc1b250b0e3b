"""Which rows of pre-training show images that a benchmark holds out."""

from __future__ import annotations

from collections.abc import Mapping

from data import leaks
from tasks.artifact import ArtifactTask, Job
from tasks.images import ImageTable
from tasks.node import Input
from tasks.systems import MAIN, SystemParameter, load_system


class LeakReport(ArtifactTask):
    """For every benchmark whose images are known: which rows of pre-training touch its validation and test images."""

    identity = ("system",)

    system: SystemParameter = SystemParameter()

    entry = ("data.leaks",)
    libraries = ("pyarrow",)

    @property
    def variant(self) -> str:
        """The system, unless it is the main job's."""
        return "" if self.system == MAIN else str(self.system)

    def inputs(self) -> Mapping[str, Input]:
        """The image table with its collections, and the corpora of pre-training."""
        corpora = load_system(self.system).corpora(self.profile)
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet", "joins.parquet")),
            **{name: Input(node=task, results=("corpus",)) for name, task in corpora.items()},
        }

    def build(self, job: Job) -> None:
        """Look up every row's image."""
        corpora = {name: folder for name, folder in job.inputs.items() if name != "images"}
        leaks.build(images=job.inputs["images"], corpora=corpora, into=job.result)
