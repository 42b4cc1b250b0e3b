"""What nothing in a workspace reaches any more, and its removal, safe beside commands that run at the same time.

Kept is whatever `current/` leads to or a lock says is being built, with everything that these were made from. Sources
are never touched.
"""

from __future__ import annotations

import functools
import json
import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import UserError
from tasks.manifest import MANIFEST, Artifact, read_manifest
from tasks.store import QUARANTINE, Store
from tasks.upkeep import stamps
from tasks.upkeep.rebuilding import PLACE

_REMOVED = "removed"
_LOCK = "gc"
_KEPT_LOG_DAYS = 30
_DAY_S = 86_400


@dataclass(frozen=True, kw_only=True)
class Garbage:
    """A file or folder that can go, and why. `lock` is what must be free for that, where it matters."""

    path: Path
    reason: str
    num_bytes: int
    lock: str | None = None

    @property
    def is_artifact(self) -> bool:
        """Whether it lies in the store, where a command may reach for it meanwhile."""
        return self.path.parents[1].name == "store"


def find(store: Store, *, partial: bool = False) -> tuple[Garbage, ...]:
    """Everything that nothing reaches; unfinished work only if `partial`, since it would go on where it stopped."""
    return (
        *_artifacts(store),
        *_set_aside(store),
        *(unfinished(store) if partial else ()),
        *_pins(store),
        *_logs(store),
        *_locks(store),
    )


def remove_all(store: Store, garbage: Iterable[Garbage]) -> tuple[Garbage, ...]:
    """Remove it, and return what was left since it is in use. Raises UserError where another `gc` is at work."""
    if not store.root.is_dir():
        return ()
    with store.locked_if_free(_LOCK) as is_ours:
        if not is_ours:
            raise UserError(
                expected="a workspace in which nobody else clears away",
                found="another gc at work",
                where=str(store.root),
                way_out="wait until it is done",
            )
        with stamps.kept(_in_store(store)):  # adopted and salvaged files have other names in what goes
            left = tuple(each for each in garbage if not remove(store, each))
        store.lock_file(_LOCK).unlink(missing_ok=True)
        return left


def remove(store: Store, garbage: Garbage) -> bool:
    """Remove it, unless a process has its lock or something reaches it by now; a folder first goes out of sight."""
    if garbage.lock is None:
        _delete(store, garbage.path)
        return True
    with store.locked_if_free(garbage.lock) as is_ours:
        if not is_ours or (garbage.is_artifact and garbage.path.resolve() in reached(store, ours=garbage.lock)):
            return False
        _delete(store, garbage.path)
        store.lock_file(garbage.lock).unlink(missing_ok=True)  # while it is ours: see `Store.locked`
        return True


def reached(store: Store, *, ours: str | None = None) -> set[Path]:
    """The folders of all artifacts that `current/`, or a lock that is not ours, reaches by what they were made from."""
    found: set[Path] = set()
    waiting = [*_links(store), *_being_built(store, ours)]
    while waiting:
        folder = waiting.pop()
        if folder in found:
            continue
        found.add(folder)
        manifest = folder / MANIFEST
        if manifest.is_file():
            waiting += _origins(store, _made_from(folder, manifest.stat().st_mtime_ns))
    return found


def unfinished(store: Store) -> Iterator[Garbage]:
    """What was begun and is not being built now."""
    for folder in _folders(store, "partial"):
        if not store.is_locked(folder.name):
            yield _garbage(folder, "unfinished work", lock=folder.name)


def freed(garbage: Iterable[Garbage]) -> int:
    """The bytes that come free if all of it goes: those of a file of which other names stay do not."""
    links: dict[tuple[int, int], int] = {}
    total = 0
    for path in (path for each in garbage for path in _files(each.path)):
        seen = path.lstat()
        file = (seen.st_dev, seen.st_ino)
        links[file] = links.get(file, 0) + 1
        total += seen.st_size if links[file] == seen.st_nlink else 0
    return total


def _links(store: Store) -> Iterator[Path]:
    for link in _children(store, "current"):
        if link.is_symlink():
            yield link.resolve()


def _being_built(store: Store, ours: str | None) -> Iterator[Path]:
    """What is being built, and what it is made from."""
    for file in _children(store, "locks"):
        if file.stem != ours and store.is_locked(file.stem):
            yield from (store.root / "store").glob(f"*/{file.stem}")
            yield from _origins(store, store.lock_note(file.stem).get("made_from", {}))


@functools.cache
def _made_from(folder: Path, _mtime_ns: int) -> Any:
    """What a manifest records; kept, since all are asked again before each removal."""
    artifact = read_manifest(folder)
    return {} if artifact is None else artifact.manifest["recorded"]["made_from"]


def _origins(store: Store, made_from: Any) -> list[Path]:
    return [store.folder(said["family"], said["key"]).resolve() for said in made_from.values() if "key" in said]


def _artifacts(store: Store) -> Iterator[Garbage]:
    kept = reached(store)
    for family in _folders(store, "store"):
        for folder in sorted(family.iterdir()):
            if folder.resolve() not in kept and folder.is_dir():
                is_known = read_manifest(folder) is not None
                reason = "nothing current came from it" if is_known else "without a manifest that can be read"
                yield _garbage(folder, reason, lock=folder.name)


def _in_store(store: Store) -> list[Artifact]:
    found = (read_manifest(folder) for folder in (store.root / "store").glob("*/*"))
    return [artifact for artifact in found if artifact is not None]


def _set_aside(store: Store) -> Iterator[Garbage]:
    reasons = {QUARANTINE: "damaged, and set aside", PLACE: "built again since", _REMOVED: "removal had begun"}
    for place, reason in reasons.items():
        for folder in _folders(store, place):
            lock = _key_in(folder.name) if place == QUARANTINE else folder.name
            if not store.is_locked(lock):
                yield _garbage(folder, reason, lock=lock)


def _key_in(name: str) -> str:
    """The key in `<family>-<key>-<time>`; a builder of that key may be taking good shards from there."""
    return name.split("-")[1] if name.count("-") == 2 else name


def _pins(store: Store) -> Iterator[Garbage]:
    for file in _children(store, "pins"):
        try:
            path = Path(json.loads(file.read_text("utf-8"))["path"])
        except (OSError, ValueError, KeyError, TypeError):
            yield _garbage(file, "a pin that cannot be read")
            continue
        if not path.exists():
            yield _garbage(file, f"a pin of a file that is gone: {path}")


def _logs(store: Store) -> Iterator[Garbage]:
    for file in _children(store, "logs"):
        if file.stat().st_mtime < time.time() - _KEPT_LOG_DAYS * _DAY_S:
            yield _garbage(file, f"a log older than {_KEPT_LOG_DAYS} days")


def _locks(store: Store) -> Iterator[Garbage]:
    for file in _children(store, "locks"):
        if file.stem != _LOCK and not store.is_locked(file.stem):
            yield _garbage(file, "a lock that nobody holds", lock=file.stem)


def _garbage(path: Path, reason: str, *, lock: str | None = None) -> Garbage:
    num_bytes = sum(file.lstat().st_size for file in _files(path))
    return Garbage(path=path, reason=reason, num_bytes=num_bytes, lock=lock)


def _files(path: Path) -> Iterator[Path]:
    """A file itself, or every file below a folder; a link is not followed."""
    if path.is_dir() and not path.is_symlink():
        yield from (file for file in path.rglob("*") if file.is_symlink() or file.is_file())
    elif path.is_symlink() or path.exists():
        yield path


def _folders(store: Store, place: str) -> list[Path]:
    return [path for path in _children(store, place) if path.is_dir()]


def _children(store: Store, place: str) -> list[Path]:
    folder = store.root / place
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _delete(store: Store, path: Path) -> None:
    if stat.S_ISDIR(path.lstat().st_mode):
        aside = path
        if path.parent.name != _REMOVED:
            aside = store.root / _REMOVED / f"{path.parent.name}-{path.name}-{time.time_ns()}"
            aside.parent.mkdir(exist_ok=True)
            path.rename(aside)
        shutil.rmtree(aside)
    else:
        path.unlink()
