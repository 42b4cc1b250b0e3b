"""The generated world as a task: the data set that stands in when the user has set no source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from data.world.publish import publish
from tasks.artifact import ArtifactTask, Job
from tasks.parameters import ProcessesParameter, SeedParameter
from tasks.settings import current_profile


class World(ArtifactTask):
    """A small data set in the publishers' own formats, drawn and described by this project."""

    seed: SeedParameter = SeedParameter(default=1, description="of every scene, word and detection")
    num_workers: ProcessesParameter = ProcessesParameter(default=2, significant=False, description="processes")

    entry = ("data.world.publish",)
    libraries = ("numpy", "pillow")

    def settings(self) -> Mapping[str, Any]:
        """The sizes and the seed."""
        return {"size": asdict(current_profile(self.profile).world), "seed": self.seed}

    def build(self, job: Job) -> None:
        """Draw the scenes and write what their publishers would."""
        size = current_profile(self.profile).world
        publish(size, seed=self.seed, into=job.result, num_workers=self.num_workers, progress=job.progress)
