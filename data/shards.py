"""Work cut into shards: what is finished survives a kill, and neither a kill nor the number of workers changes a byte.

Each finished shard has a line in a ledger: its name, the digest of its bytes, and a summary of what the whole must know
of it. The line is written after the bytes are on the disk, so a line without its shard, or a shard of other bytes, is a
damaged disk and is built again. Where a published artifact was damaged, its good shards are taken over from it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from data import workers
from data.digests import file_digest, make_durable
from data.progress import Progress
from data.writers import write_json

FILE_NAME = "shards.json"
_WAITING_PER_WORKER = 2
Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """Where shards are built: a folder that survives a kill, what is left of a damaged artifact, and the workers.

    `damaged` is that artifact's result folder. `executor` is given a number of workers and is the seam where another
    engine than processes of this machine goes in. `tally` counts shards built, kept from a killed build, and salvaged.
    """

    scratch: Path
    damaged: Path | None = None
    num_workers: int = 1
    executor: Callable[[int], Executor] = workers.executor
    tally: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A shard that is on the disk: the digest of its bytes, and JSON that the whole must know of it."""

    digest: str
    summary: Any = None


class Shelf(Protocol):
    """Where the bytes of a group of shards lie while they are built, and how they are taken from a damaged artifact."""

    def digest(self, name: str) -> str | None:
        """The digest of a shard's bytes as they lie there, None where they do not."""
        ...

    def take(self, name: str, damaged: Path) -> None:
        """Bring a shard's bytes from the result folder of a damaged artifact, whatever they are worth."""
        ...

    def publish(self, into: Path) -> None:
        """Bring the bytes of all shards into a result folder, and leave them where they are."""
        ...


@dataclass(frozen=True, kw_only=True)
class PartFiles:
    """Shards that are files of their own, `part-00000<suffix>` on, in the folder `name` of a result."""

    workplace: Workplace
    name: str
    suffix: str

    @property
    def folder(self) -> Path:
        """Where they lie while they are built."""
        return self.workplace.scratch / self.name

    def path(self, shard: str) -> Path:
        """The file of a shard."""
        return self.folder / f"{shard}{self.suffix}"

    def digest(self, name: str) -> str | None:
        """The digest of the file."""
        path = self.path(name)
        return file_digest(path) if path.is_file() else None

    def take(self, name: str, damaged: Path) -> None:
        """Link the file, if it is there."""
        file = damaged / self.name / self.path(name).name
        if file.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            link_or_copy(file, self.path(name))

    def publish(self, into: Path) -> None:
        """Link the files."""
        (into / self.name).mkdir()
        for file in sorted(self.folder.glob(f"part-*{self.suffix}")):
            link_or_copy(file, into / self.name / file.name)


class Summaries:
    """Shards whose summary is all there is of them, so that the ledger alone holds them; they are not published."""

    def digest(self, name: str) -> str | None:
        """That of no bytes."""
        return ""

    def take(self, name: str, damaged: Path) -> None:
        """Nothing to take."""

    def publish(self, into: Path) -> None:
        """Nothing to bring."""


def ranges(num_items: int, num_per_shard: int) -> dict[str, range]:
    """Consecutive ranges of that many items by the name of their shard; one empty range where there are none."""
    starts = range(0, max(num_items, 1), num_per_shard)
    return {part_name(n): range(start, min(start + num_per_shard, num_items)) for n, start in enumerate(starts)}


def part_name(number: int) -> str:
    """The name of the shard of that number; names sort as the numbers do."""
    return f"part-{number:05}"


def write_part(path: Path, write: Callable[[Path], None]) -> str:
    """Have `write` fill a file aside, then rename it to `path`, durably; returns its digest. For workers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(aside)
        make_durable(aside)
        digest = file_digest(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    make_durable(path.parent)
    return digest


def build(
    group: str,
    items: Mapping[str, Item],
    work: Callable[[Item], Finished],
    *,
    shelf: Shelf,
    workplace: Workplace,
    progress: Progress,
) -> dict[str, Finished]:
    """Have every shard of a group on its shelf; returns them in the order of `items`, which are by name.

    `work` runs in workers, so it and the items must be picklable; it returns once the shard's bytes are on the disk.
    The first error of a shard is raised after all that were finished have their line in the ledger.
    """
    ledger = Ledger(workplace.scratch / f"{group}.ledger")
    kept = {name: ledger.finished[name] for name in items if _is_intact(name, ledger, shelf)}
    salvaged = _salvaged(group, [name for name in items if name not in kept], ledger, shelf, workplace)
    finished = {**kept, **salvaged}
    missing = {name: item for name, item in items.items() if name not in finished}
    workplace.tally.update(built=0, kept=len(kept), salvaged=len(salvaged))
    for name, shard in _worked(missing, work, workplace):
        ledger.add(name, shard)
        finished[name] = shard
        workplace.tally["built"] += 1
        progress(len(finished) / len(items), f"{group}: {len(finished):,} of {len(items):,} shards")
    return {name: finished[name] for name in items}


def publish(shelves: Mapping[str, tuple[Shelf, Mapping[str, Finished]]], into: Path) -> None:
    """Bring the shards of each group into the result folder `into`, and write what is known of them beside."""
    for shelf, _ in shelves.values():
        shelf.publish(into)
    known = {
        group: {name: {"digest": shard.digest, "summary": shard.summary} for name, shard in finished.items()}
        for group, (_, finished) in shelves.items()
    }
    write_json(into / FILE_NAME, known)


def can_go_on(scratch: Path) -> bool:
    """Whether a killed build left finished shards there."""
    return any(scratch.glob("*.ledger"))


def link_or_copy(file: Path, to: Path) -> None:
    """Give a file a second name, or a second copy where the file system has no links."""
    to.unlink(missing_ok=True)
    try:
        to.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, to)


class Ledger:
    """Finished shards by name; a line that a kill cut off is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.finished = dict(_lines(path))

    def add(self, name: str, shard: Finished) -> None:
        """Note a shard whose bytes are on the disk."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"name": name, "digest": shard.digest, "summary": shard.summary})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")  # on a line of its own, whatever a kill left before it
            file.flush()
            os.fsync(file.fileno())
        self.finished[name] = shard


def _lines(path: Path) -> Iterator[tuple[str, Finished]]:
    if not path.is_file():
        return
    for line in path.read_text("utf-8", errors="replace").splitlines():
        try:
            known = json.loads(line)
            yield known["name"], Finished(digest=known["digest"], summary=known["summary"])
        except (ValueError, KeyError, TypeError):
            continue


def _is_intact(name: str, ledger: Ledger, shelf: Shelf) -> bool:
    return name in ledger.finished and shelf.digest(name) == ledger.finished[name].digest


def _salvaged(group: str, names: list[str], ledger: Ledger, shelf: Shelf, workplace: Workplace) -> dict[str, Finished]:
    """Those of the shards that a damaged artifact still has whole, brought to the shelf and noted."""
    if workplace.damaged is None:
        return {}
    try:
        known = json.loads((workplace.damaged / FILE_NAME).read_text("utf-8"))[group]
        listed = {name: Finished(**known[name]) for name in names if name in known}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    found = {}
    for name, shard in listed.items():
        shelf.take(name, workplace.damaged)
        if shelf.digest(name) == shard.digest:
            ledger.add(name, shard)
            found[name] = shard
    return found


def _worked(
    items: Mapping[str, Item], work: Callable[[Item], Finished], workplace: Workplace
) -> Iterator[tuple[str, Finished]]:
    """Each shard as it is finished. A few wait for each worker, so that an error is not met after hours of others.

    After an error no further one is begun, and those under way are finished before it is raised.
    """
    if not items:
        return
    names: dict[Future[Finished], str] = {}
    waiting = iter(items.items())
    with workplace.executor(min(workplace.num_workers, len(items))) as executor:
        try:
            while True:
                for name, item in waiting:
                    names[executor.submit(work, item)] = name
                    if len(names) >= _WAITING_PER_WORKER * workplace.num_workers:
                        break
                if not names:
                    return
                done, _ = wait(names, return_when=FIRST_COMPLETED)
                if any(future.exception() is not None for future in done):
                    done = {future for future in names if not future.cancel()}
                    wait(done)
                for future in sorted(done, key=lambda future: future.exception() is not None):
                    yield names.pop(future), future.result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
