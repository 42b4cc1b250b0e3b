"""The base of every task that makes something: keys from content, early cut-off, whole or absent, and a manifest.

An artifact's key is the digest of its family, the settings that decide its bytes, the code and the libraries that make
it, and the content of every input. So the key exists once the inputs do; until then the task is simply not complete.
"""

from __future__ import annotations

import json
import platform
import subprocess
import time
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

import luigi

from data.errors import UserError
from data.progress import Progress
from tasks.code import code_digests
from tasks.command_line import KeepsCommandLine
from tasks.console import TaskProgress, log
from tasks.parameters import ProfileParameter
from tasks.settings import current_store
from tasks.store import Artifact, digest_of, fresh_folder


class Node(KeepsCommandLine, luigi.Task):
    """Anything whose content has a digest: an artifact, or a source file."""

    @abstractmethod
    def content_digest(self, results: tuple[str, ...] = ()) -> str | None:
        """The digest of what it holds (of the named results where some are named); None while it is not there."""

    @abstractmethod
    def content_path(self) -> Path:
        """The file or folder that descendants read. Only to be asked once it is complete."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """What a task reads of another: all of its result, or the named files or folders of it."""

    node: Node
    results: tuple[str, ...] = ()

    def digest(self) -> str | None:
        """The digest of just that."""
        return self.node.content_digest(self.results)


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


@dataclass(frozen=True, kw_only=True)
class Job:
    """What `build` is given: where its inputs lie, where to write, and how to say how far it is.

    `scratch` survives a kill when the task can go on; `lock` is the descriptor of the key's lock, for child processes.
    """

    inputs: Mapping[str, Path]
    result: Path
    record: Path
    scratch: Path
    progress: Progress
    lock: int


class ArtifactTask(Node):
    """A task that publishes an artifact. A subclass says its inputs, its settings, its code, and how to build."""

    profile: luigi.Parameter[str] = ProfileParameter(default="miniature", description="sizes: a file of tasks/profiles")

    entry: ClassVar[tuple[str, ...]] = ()
    libraries: ClassVar[tuple[str, ...]] = ()

    @property
    def variant(self) -> str:
        """What tells tasks of one family apart that a command uses side by side."""
        return ""

    @property
    def label(self) -> str:
        """Its name in messages, and in `current/`."""
        return "-".join(filter(None, (self.task_family, self.variant)))

    def inputs(self) -> Mapping[str, Input]:
        """The inputs by the names under which `build` finds them."""
        return {}

    def settings(self) -> Mapping[str, Any]:
        """The JSON values that decide the result: no path, no number of workers, nothing of the host."""
        return {}

    def plug_ins(self) -> tuple[str, ...]:
        """Modules that are imported by a computed name for these settings."""
        return ()

    def can_go_on(self, scratch: Path) -> bool:
        """Whether what a killed or failed build left in its scratch folder is worth keeping."""
        return False

    @abstractmethod
    def build(self, job: Job) -> None:
        """Write the result into `job.result`."""

    def requires(self) -> list[Node]:
        """The tasks behind the inputs, as luigi wants them."""
        return [given.node for given in self.inputs().values()]

    def output(self) -> KeyTarget:
        """A target that exists once the task is complete."""
        return KeyTarget(self)

    def complete(self) -> bool:
        """Whether the artifact of the present key is there. Only True is remembered."""
        return self.artifact() is not None

    def artifact(self) -> Artifact | None:
        """The artifact of the present key, None while inputs are missing or it has not been built."""
        found: Artifact | None = self.__dict__.get("_artifact")
        if found is None:
            decision = self._decision()
            found = None if decision is None else current_store().find(self.task_family, digest_of(decision))
            self.__dict__["_artifact"] = found
        return found

    def content_digest(self, results: tuple[str, ...] = ()) -> str | None:
        """The digest of the artifact's result, or of the named parts of it."""
        artifact = self.artifact()
        return None if artifact is None else artifact.digest(results)

    def content_path(self) -> Path:
        """The artifact's result folder."""
        artifact = self.artifact()
        assert artifact is not None, f"{self.label} was asked for its result before it was complete"
        return artifact.result

    def run(self) -> None:
        """Build and publish, unless the artifact exists by now: then nothing below it will run either."""
        decision = self._decision()
        assert decision is not None, f"{self.label} was run before its inputs were complete"
        key = digest_of(decision)
        store = current_store()
        with store.locked(
            key, on_wait=lambda: log.info("%s: waiting for the process that builds it", self.label)
        ) as lock:
            if self.artifact() is None:
                self._build_and_publish(key, decision, lock)
            else:
                log.info("%-22s unchanged", self.label)
        self.point_current()

    def _build_and_publish(self, key: str, decision: Mapping[str, Any], lock: int) -> None:
        store, started, clock = current_store(), datetime.now(UTC), time.monotonic()
        partial = store.partial(key)
        if not self.can_go_on(partial / "scratch"):
            fresh_folder(partial)
        progress = TaskProgress(self)
        job = Job(
            inputs={name: given.node.content_path() for name, given in self.inputs().items()},
            result=fresh_folder(partial / "result"),
            record=_existing(partial / "record"),
            scratch=_existing(partial / "scratch"),
            progress=progress,
            lock=lock,
        )
        try:
            self.build(job)
        except UserError:
            if not self.can_go_on(job.scratch):
                fresh_folder(partial).rmdir()
            raise
        finally:
            progress.close()
        fresh_folder(job.scratch).rmdir()
        seconds = time.monotonic() - clock
        manifest = {
            "family": self.task_family,
            "key": key,
            "decided_by": dict(decision),
            "counts": _counts(job.result),
            "recorded": self._recorded(started, seconds),
        }
        self.__dict__["_artifact"] = store.publish(self.task_family, key, manifest)
        log.info("%-22s built in %.1f s", self.label, seconds)

    def point_current(self) -> None:
        """Let `current/` lead to this artifact and to everything it was made from."""
        artifact = self.artifact()
        assert artifact is not None
        if self.__dict__.get("_is_current"):
            return
        self.__dict__["_is_current"] = True
        current_store().point_current(self.label, artifact)
        for node in self.requires():
            if isinstance(node, ArtifactTask):
                node.point_current()

    def _decision(self) -> dict[str, Any] | None:
        """All that decides the key, None as soon as one input is not there."""
        digests: dict[str, str] = {}
        for name, given in self.inputs().items():
            digest = given.digest()
            if digest is None:
                return None
            digests[name] = digest
        return {
            "family": self.task_family,
            "settings": dict(self.settings()),
            "code": dict(code_digests((*self.entry, *self.plug_ins()))),
            "libraries": {library: metadata.version(library) for library in self.libraries},
            "inputs": digests,
        }

    def _recorded(self, started: datetime, seconds: float) -> dict[str, Any]:
        return {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "host": platform.node(),
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "git_commit": _git_commit(),
            "parameters": {name: str(value) for name, value in self.param_kwargs.items()},
            "packages": {d.metadata["Name"]: d.version for d in metadata.distributions() if d.metadata["Name"]},
        }


@ArtifactTask.event_handler(luigi.Event.DEPENDENCY_PRESENT)  # type: ignore[untyped-decorator]  # luigi's
def _tell_present(task: ArtifactTask) -> None:
    task.point_current()
    log.info("%-22s unchanged", task.label)


def _counts(result: Path) -> Any:
    """What a corpus says of its rows and of what was dropped, by reason; None where a result says nothing of it."""
    file = result / "counts.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else None


def _existing(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _git_commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None
