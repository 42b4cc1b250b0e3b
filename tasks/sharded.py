"""Tasks whose work is cut into shards, which workers share and a kill does not undo."""

from __future__ import annotations

from pathlib import Path

from data import shards
from data.shards import Workplace
from tasks.artifact import ArtifactTask, Job
from tasks.parameters import ProcessesParameter


class ShardedTask(ArtifactTask):
    """A task that is built shard by shard: what is finished is kept, whatever stops the rest."""

    num_workers: ProcessesParameter = ProcessesParameter(default=2, significant=False, description="processes")

    def can_go_on(self, scratch: Path) -> bool:
        """Once a shard is finished."""
        return shards.can_go_on(scratch)

    def workplace(self, job: Job) -> Workplace:
        """Where its shards are built; how many were built, kept and salvaged is noted in the manifest."""
        return Workplace(scratch=job.scratch, damaged=job.damaged, num_workers=self.num_workers, tally=job.shards)
