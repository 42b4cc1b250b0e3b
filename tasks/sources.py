"""The user's files as tasks, and where a task finds its sources: among the user's files, or in the generated world."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

import luigi

from data.errors import SourceError, UserError
from data.records import Content, Source
from data.sources import all_sources, that_give
from data.world.publish import FILES
from tasks import pins
from tasks.artifact import Job
from tasks.console import TaskProgress, log
from tasks.faults import with_retries
from tasks.node import Input, Node
from tasks.pins import Pin
from tasks.settings import configured_sources, current_store, workspace
from tasks.world import World


class SourceFile(Node):
    """A file or folder of the user, read once to know its digest; the pin is remembered until the file changes."""

    identity: ClassVar[tuple[str, ...]] = ("path",)

    path: luigi.Parameter[str] = luigi.Parameter(description="absolute path")

    def complete(self) -> bool:
        """Whether the pin belongs to the file as it is now."""
        return self.pin() is not None

    def pin(self) -> Pin | None:
        """Its pin, None if it was never read or has changed since. Only a pin is remembered."""
        found: Pin | None = self.__dict__.get("_pin")
        if found is None:
            found = pins.find(current_store().root, Path(self.path))
            self.__dict__["_pin"] = found
        return found

    def output(self) -> luigi.LocalTarget:
        """The pin."""
        return luigi.LocalTarget(str(pins.pin_file(current_store().root, Path(self.path))))

    def content_path(self) -> Path:
        """The user's path."""
        return Path(self.path)

    def content_digest(self, results: tuple[str, ...] = ()) -> str | None:
        """The digest in the pin, None if there is none or the file has changed since."""
        pin = self.pin()
        return None if pin is None else pin.digest

    def content_bytes(self, results: tuple[str, ...] = ()) -> int | None:
        """The size of the file, or of all files of the folder; None where it cannot be looked at."""
        pin = self.pin()
        try:
            looks = pins.look(Path(self.path)) if pin is None else pin.seen
        except OSError:
            return None
        return sum(seen["size"] for seen in looks.values())

    def origin(self) -> Mapping[str, str]:
        """Where the user's file lies, and its SHA-256 if it is one file."""
        pin = self.pin()
        assert pin is not None
        return {"path": self.path, **({"sha256": next(iter(pin.files.values()))} if len(pin.files) == 1 else {})}

    def run(self) -> None:
        """Read it all and pin its digest."""
        check_there(Path(self.path), "a source file")
        progress = TaskProgress(self)
        try:
            self.__dict__["_pin"] = with_retries(
                lambda: self._read(progress),
                num_retries=workspace().num_retries,
                first_wait_s=workspace().retry_wait_s,
                label=self.task_family,
            )
        except OSError as error:
            raise SourceError(
                expected="a file that can be read to its end",
                found=(error.strerror or type(error).__name__).lower(),
                where=str(error.filename or self.path),
                way_out="mend the file or its permissions, then give the command again",
            ) from error
        finally:
            progress.close()
        log.info("%-22s read      %s", self.task_family, self.path)

    def _read(self, progress: TaskProgress) -> Pin:
        pin = pins.read(Path(self.path), progress)
        pins.remember(current_store().root, pin)
        return pin


_MEND = "mend the path under [sources] in luigi.cfg (or the variable in it)"


def check_there(path: Path, what: str, *, way_out: str = _MEND) -> None:
    """Raise SourceError unless the path can be read."""
    if path.exists() and os.access(path, os.R_OK):
        return
    raise SourceError(
        expected=f"{what} that can be read",
        found="no such file or folder" if not path.exists() else "no permission to read it",
        where=str(path),
        way_out=way_out,
    )


def check_beside(source: Source, path: Path) -> None:
    """Raise SourceError unless the files that belong to that one can be read."""
    for other in source.beside(path):
        check_there(other, f"what belongs to {path.name}", way_out=f"put it beside {path}")


def check_kind(source: Source, path: Path) -> None:
    """Raise UserError where the path is a file and the source a folder, or the other way round."""
    if source.is_folder is None or path.is_dir() == source.is_folder:
        return
    raise UserError(
        expected="a folder" if source.is_folder else "a file",
        found="a file" if source.is_folder else "a folder",
        where=f"[sources] {source.name} = {path}",
        way_out=f"{source.name} is {source.title}: give the {'folder' if source.is_folder else 'file'} itself",
    )


def uses_world() -> bool:
    """Whether the generated world stands in for sources: only if the user set none at all."""
    return not configured_sources()


def source_inputs(names: Iterable[str], *, profile: str) -> dict[str, Input]:
    """The inputs of a task that reads these sources; a source that is not set has none.

    What lies beside a file and is read with it is an input too, since its content decides as much.
    """
    names = [name for name in names if is_set(name)]
    if not names:
        return {}
    if uses_world():
        wanted = tuple(path for name in names for path in FILES[name])
        return {"world": Input(node=World(profile=profile), results=wanted)}
    given, known = configured_sources(), all_sources()
    paths = {f"{name}.{number}": path for name in names for number, path in enumerate(given[name])}
    beside = {
        f"beside.{key}.{number}": other
        for key, path in paths.items()
        for number, other in enumerate(known[key.split(".")[0]].beside(path))
    }
    return {key: Input(node=SourceFile(path=str(path))) for key, path in {**paths, **beside}.items()}


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
        found="none in the generated world" if uses_world() else "no source that gives it, while other sources are set",
        where="luigi.cfg [sources]",
        way_out=f"set {choices}" + ("" if uses_world() else "; or set no source at all to run on the generated world"),
    )
