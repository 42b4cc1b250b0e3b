"""What a task reads of others: anything whose content has a digest, and which part of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import luigi

from tasks.command_line import KeepsCommandLine


class Node(KeepsCommandLine, luigi.Task):
    """Anything whose content has a digest: an artifact, or a source file."""

    @abstractmethod
    def content_digest(self, results: tuple[str, ...] = ()) -> str | None:
        """The digest of what it holds (of the named results where some are named); None while it is not there."""

    @abstractmethod
    def content_path(self) -> Path:
        """The file or folder that descendants read. Only to be asked once it is complete."""

    @abstractmethod
    def content_bytes(self, results: tuple[str, ...] = ()) -> int | None:
        """The size of that; None while it is not known."""

    @abstractmethod
    def origin(self) -> Mapping[str, str]:
        """What a manifest notes of an input beside its digest, so that it can be found again."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """What a task reads of another: all of its result, or the named files or folders of it."""

    node: Node
    results: tuple[str, ...] = ()

    def digest(self) -> str | None:
        """The digest of just that."""
        return self.node.content_digest(self.results)

    def num_bytes(self) -> int | None:
        """The size of just that."""
        return self.node.content_bytes(self.results)


class KeyTarget(luigi.Target):
    """The output of a task: it exists if the artifact of the task's present key does."""

    def __init__(self, task: Node) -> None:
        self._task = task

    def exists(self) -> bool:
        """Whether the task is complete."""
        return bool(self._task.complete())

    def __str__(self) -> str:
        """The name of the task that makes it."""
        return str(self._task.task_family)
