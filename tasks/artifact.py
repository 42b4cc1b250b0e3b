"""The base of every task that makes something: keys from content, early cut-off, whole or absent, and a manifest.

An artifact's key is the digest of its family, the settings that decide its bytes, the code and the libraries that make
it, and the content of every input. So the key exists once the inputs do; until then the task is simply not complete.
"""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

import luigi

from data.digests import digest_of
from data.errors import UserError
from data.progress import Progress
from tasks import faults, history, record
from tasks.code import code_digests
from tasks.console import TaskProgress, log, tell
from tasks.manifest import Artifact, stamp
from tasks.node import Input, KeyTarget, Node
from tasks.parameters import ProfileParameter
from tasks.settings import current_store, workspace
from tasks.store import fresh_folder, note_lock

PAGE = "report.html"
"""The link in the workspace to the page of the last report."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What `build` is given: where its inputs lie, where to write, and how to say how far it is.

    `scratch` survives a kill when the task can go on; `damaged` is the result folder of a damaged artifact of the same
    key, where there was one; `lock` is the descriptor of the key's lock, for child processes; `shards` counts those
    that were built, kept from a killed build and salvaged from the damaged artifact.
    """

    inputs: Mapping[str, Path]
    result: Path
    record: Path
    scratch: Path
    progress: Progress
    lock: int
    damaged: Path | None = None
    shards: Counter[str] = field(default_factory=Counter)


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

    def notices(self) -> tuple[str, ...]:
        """Sentences to be said before any work."""
        return ()

    def deciding_libraries(self) -> tuple[str, ...]:
        """The libraries whose versions decide the result: those of `libraries`, and of plug-ins."""
        return self.libraries

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
            key = self.key()
            found = None if key is None else current_store().find(self.task_family, key)
            self.__dict__["_artifact"] = found
        return found

    def key(self) -> str | None:
        """The digest of all that decides the result, None as soon as one input is not there."""
        decision = self.decision()
        return None if decision is None else digest_of(decision)

    def decision(self) -> dict[str, Any] | None:
        """All that decides the result, None as soon as one input is not there."""
        digests: dict[str, str] = {}
        for name, given in self.inputs().items():
            digest = given.digest()
            if digest is None:
                return None
            digests[name] = digest
        return {**self.own_decision(), "inputs": digests}

    def own_decision(self) -> dict[str, Any]:
        """All of it but the inputs."""
        return {
            "family": self.task_family,
            "settings": dict(self.settings()),
            "code": dict(code_digests((*self.entry, *self.plug_ins()))),
            "libraries": {library: _version(library) for library in self.deciding_libraries()},
        }

    def content_digest(self, results: tuple[str, ...] = ()) -> str | None:
        """The digest of the artifact's result, or of the named parts of it."""
        artifact = self.artifact()
        return None if artifact is None else artifact.digest(results)

    def content_path(self) -> Path:
        """The artifact's result folder."""
        artifact = self.artifact()
        assert artifact is not None, f"{self.label} was asked for its result before it was complete"
        return artifact.result

    def content_bytes(self, results: tuple[str, ...] = ()) -> int | None:
        """The size of the artifact's result, or of the named parts of it."""
        artifact = self.artifact()
        return None if artifact is None else artifact.num_bytes(results)

    def origin(self) -> Mapping[str, str]:
        """Where the artifact lies in the store."""
        artifact = self.artifact()
        assert artifact is not None
        return {"label": self.label, "family": self.task_family, "key": artifact.key}

    def run(self) -> None:
        """Build and publish, unless the artifact exists by now: then nothing below it will run either."""
        key = self.key()
        assert key is not None, f"{self.label} was run before its inputs were complete"
        tell(self, "set_tracking_url", (current_store().root / PAGE).as_uri())
        faults.with_retries(
            lambda: self._build_if_missing(key),
            num_retries=workspace().num_retries,
            first_wait_s=workspace().retry_wait_s,
            label=self.label,
        )

    def _build_if_missing(self, key: str) -> None:
        with current_store().locked(
            key, on_wait=lambda: log.info("%s: waiting for the process that builds it", self.label)
        ) as lock:
            if self.artifact() is None:
                self._build_and_publish(key, lock)
            else:
                log.info("%-22s unchanged", self.label)
        self.point_current()

    def _build_and_publish(self, key: str, lock: int) -> None:
        store, started, clock = current_store(), datetime.now(UTC), time.monotonic()
        aside = store.set_aside(store.folder(self.task_family, key))
        if aside is not None:
            log.warning("%-22s was damaged, and is built again; what is left of it: %s", self.label, aside)
        partial = store.partial(key)
        note_lock(lock, {"label": self.label, "made_from": record.made_from(self)})
        if not self.can_go_on(partial / "scratch"):
            fresh_folder(partial)
        damaged = store.damaged(self.task_family, key)
        progress = TaskProgress(self)
        job = Job(
            inputs={name: given.node.content_path() for name, given in self.inputs().items()},
            result=fresh_folder(partial / "result"),
            record=_existing(partial / "record"),
            scratch=_existing(partial / "scratch"),
            damaged=None if damaged is None else damaged / "result",
            progress=progress,
            lock=lock,
        )
        try:
            self.build(job)
        except Exception as error:
            is_ours = not isinstance(error, UserError) and faults.errno_of(error) is None  # and to be looked into
            if not is_ours and not self.can_go_on(job.scratch):
                fresh_folder(partial).rmdir()  # on a full disk it stands in the way
            raise
        finally:
            progress.close()
        fresh_folder(job.scratch).rmdir()
        recorded = record.of(self, started=started, seconds=time.monotonic() - clock, shards=job.shards)
        artifact = self._publish(key, counts=_counts(job.result), recorded=recorded)
        history.note(store.root, record.line(self, artifact))
        log.info("%-22s built in %.1f s", self.label, artifact.manifest["recorded"]["seconds"])

    def _publish(self, key: str, *, counts: Any, recorded: Mapping[str, Any]) -> Artifact:
        """Publish what lies in the partial folder of that key, as the artifact of the present settings and inputs."""
        manifest = {"decided_by": self.decision(), "counts": counts, "recorded": recorded}
        artifact = current_store().publish(self.task_family, key, manifest)
        self.__dict__["_artifact"] = artifact
        return artifact

    def point_current(self) -> None:
        """Let `current/` lead to this artifact and to everything it was made from."""
        artifact = self.artifact()
        assert artifact is not None
        if self.__dict__.get("_is_current"):
            return
        if not artifact.is_stamped():
            stamp(artifact)
        current_store().point_current(self.label, artifact)
        for node in self.requires():
            if isinstance(node, ArtifactTask):
                node.point_current()
        self.__dict__["_is_current"] = True


@ArtifactTask.event_handler(luigi.Event.DEPENDENCY_PRESENT)  # type: ignore[untyped-decorator]  # luigi's
def _tell_present(task: ArtifactTask) -> None:
    task.point_current()
    log.info("%-22s unchanged", task.label)


def _counts(result: Path) -> Any:
    """What a corpus says of its rows and of what was dropped, by reason; None where a result says nothing of it."""
    file = result / "counts.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else None


def _version(library: str) -> str:
    """The version of a library. One that is not there stops what needs it when it is run, and no planning before."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "not installed"


def _existing(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
