"""The user's files as tasks, and where a task finds its sources: among the user's files, or in the generated world."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import luigi

from data.digests import digest_of, file_digest, files_below
from data.errors import SourceError, UserError
from data.records import Content
from data.sources import all_sources, that_give
from data.world.publish import FILES
from tasks.artifact import Job
from tasks.console import TaskProgress, log
from tasks.node import Input, Node
from tasks.settings import configured_sources, current_store
from tasks.world import World

_TRUSTED_AGE_NS = 2 * 10**9  # a file younger than this may change again within one tick of its clock


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What tells without reading that a file is the one that was read."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class SourceFile(Node):
    """A file or folder of the user, read once to know its digest; the pin is remembered until the file changes."""

    path: luigi.Parameter[str] = luigi.Parameter(description="absolute path")

    def complete(self) -> bool:
        """Whether the pin belongs to the file as it is now."""
        return self.content_digest() is not None

    def output(self) -> luigi.LocalTarget:
        """The pin."""
        return luigi.LocalTarget(str(self._pin()))

    def content_path(self) -> Path:
        """The user's path."""
        return Path(self.path)

    def content_digest(self, results: tuple[str, ...] = ()) -> str | None:
        """The digest in the pin, None if there is none or the file has changed since."""
        if "_digest" not in self.__dict__:
            try:
                pin = json.loads(self._pin().read_text("utf-8"))
                digest: str | None = pin["digest"] if pin["seen"] == _look(Path(self.path)) else None
            except (OSError, ValueError, KeyError):
                digest = None
            if digest is None:
                return None
            self.__dict__["_digest"] = digest
        return str(self.__dict__["_digest"])

    def content_bytes(self, results: tuple[str, ...] = ()) -> int | None:
        """The size of the file, or of all files of the folder; None where it cannot be looked at."""
        try:
            return sum(seen["size"] for seen in _look(Path(self.path)).values())
        except OSError:
            return None

    def origin(self) -> Mapping[str, str]:
        """Where the user's file lies."""
        return {"path": self.path}

    def run(self) -> None:
        """Read it all and pin its digest."""
        path = Path(self.path)
        check_there(path, "a source file")
        progress = TaskProgress(self)
        try:
            digest, seen = _read(path, progress)
        finally:
            progress.close()
        pin = self._pin()
        pin.parent.mkdir(parents=True, exist_ok=True)
        aside = pin.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps({"path": self.path, "digest": digest, "seen": seen}), "utf-8")
        aside.replace(pin)
        self.__dict__["_digest"] = digest
        log.info("%-22s read      %s", self.task_family, path)

    def _pin(self) -> Path:
        return current_store().root / "pins" / f"{hashlib.sha256(self.path.encode()).hexdigest()[:32]}.json"


def _files(path: Path) -> list[tuple[str, Path]]:
    """Files by the names that readers see (NLVR's own becomes part of its images' names); a moved folder keeps them."""
    return list(files_below(path)) if path.is_dir() else [(path.name, path)]


def _look(path: Path) -> dict[str, dict[str, int]]:
    looks = {}
    for name, file in _files(path):
        stat = file.stat()
        seen = _Seen(size=stat.st_size, mtime_ns=stat.st_mtime_ns, ctime_ns=stat.st_ctime_ns, inode=stat.st_ino)
        looks[name] = asdict(seen)
    return looks


def _read(path: Path, progress: TaskProgress) -> tuple[str, dict[str, dict[str, int]]]:
    """The digest and what tells that it still holds. Raises SourceError where a file cannot be read, or changes."""
    try:
        before = _look(path)
        if any(time.time_ns() - seen["ctime_ns"] < _TRUSTED_AGE_NS for seen in before.values()):
            time.sleep(_TRUSTED_AGE_NS / 1e9)  # so that any change from now on shows in its times
        digest = _digest_tree(path, progress)
        after = _look(path)
    except OSError as error:
        raise SourceError(
            expected="a file that can be read to its end",
            found=(error.strerror or type(error).__name__).lower(),
            where=str(error.filename or path),
            way_out="mend the file or its permissions, then give the command again",
        ) from error
    if after != before:
        raise SourceError(
            expected="a file that stays as it is while it is read",
            found="it changed meanwhile",
            where=str(path),
            way_out="wait until whatever writes it is done, then give the command again",
        )
    return digest, before


def _digest_tree(path: Path, progress: TaskProgress) -> str:
    files = _files(path)
    total = max(1, sum(file.stat().st_size for _, file in files))
    done = 0

    def on_block(block: bytes) -> None:
        nonlocal done
        done += len(block)
        progress(done / total, f"reading {path.name}")

    return digest_of({name: file_digest(file, on_block=on_block) for name, file in files})


def check_there(path: Path, what: str) -> None:
    """Raise SourceError unless the path can be read."""
    if path.exists() and os.access(path, os.R_OK):
        return
    raise SourceError(
        expected=f"{what} that can be read",
        found="no such file or folder" if not path.exists() else "no permission to read it",
        where=str(path),
        way_out="mend the path under [sources] in luigi.cfg (or the variable in it)",
    )


def uses_world() -> bool:
    """Whether the generated world stands in for sources: only if the user set none at all."""
    return not configured_sources()


def source_inputs(names: Iterable[str], *, profile: str) -> dict[str, Input]:
    """The inputs of a task that reads these sources; a source that is not set has none."""
    names = [name for name in names if is_set(name)]
    if not names:
        return {}
    if uses_world():
        wanted = tuple(path for name in names for path in FILES[name])
        return {"world": Input(node=World(profile=profile), results=wanted)}
    given = configured_sources()
    return {
        f"{name}.{number}": Input(node=SourceFile(path=str(path)))
        for name in names
        for number, path in enumerate(given[name])
    }


def source_files(job: Job, names: Iterable[str]) -> Mapping[str, tuple[Path, ...]]:
    """The paths of these sources among the job's inputs, as builders in `data` take them."""
    names = [name for name in names if is_set(name)]
    if "world" in job.inputs:
        return {name: tuple(job.inputs["world"] / path for path in FILES[name]) for name in names}
    return {name: tuple(job.inputs[key] for key in job.inputs if key.split(".")[0] == name) for name in names}


def is_set(name: str) -> bool:
    """Whether that source is there: given by the user, or made by the world."""
    return name in FILES if uses_world() else name in configured_sources()


def givers(*contents: Content, pool: str | None = None) -> tuple[str, ...]:
    """The names of all sources (of one pool) that give one of these contents and are there."""
    names = {name for content in contents for name in that_give(content, pool=pool)}
    return tuple(name for name in sorted(names) if is_set(name))


def need(names: Iterable[str], *, task: str, what: str) -> None:
    """Raise UserError naming the settings of which `task` needs one, if none is set."""
    names = list(names)
    if any(is_set(name) for name in names):
        return
    known = all_sources()
    choices = " or ".join(f"[sources] {name} ({known[name].title}, {known[name].address})" for name in names)
    raise UserError(
        expected=f"{what} for {task}",
        found="no source that gives it, while other sources are set",
        where="luigi.cfg [sources]",
        way_out=f"set {choices}; or set no source at all to run on the generated world",
    )
