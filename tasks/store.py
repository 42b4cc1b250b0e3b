"""The workspace on disk: content-addressed artifacts that are whole or absent, and the locks that guard them.

<root>/store/<family>/<key>/   result/ (hashed, read by descendants)  record/ (never hashed)  manifest.json
<root>/partial/<key>/          what is being built; a stable name, so that long work goes on there after a kill
<root>/quarantine/             artifacts that were damaged; <root>/replaced/ those that were built again on request
<root>/removed/                what `gc` is deleting, out of sight before the first file goes
<root>/locks/<key>.lock        kernel locks (flock): gone with the process that held them; what it builds stands in it
<root>/pins/                   digests of source files
<root>/current/<label>         link to the artifact that the last command used
<root>/history.jsonl           one line for each artifact ever built: what it took
<root>/report.html             link to the page of the last report
<root>/logs/                   one full log a command
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.digests import make_durable
from tasks.manifest import Artifact, read_manifest, seal

QUARANTINE = "quarantine"


class Store:
    """All artifacts below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, family: str, key: str) -> Path:
        """Where the artifact of that key is, or would be."""
        return self.root / "store" / family / key

    def find(self, family: str, key: str) -> Artifact | None:
        """The artifact of that key if it was published and is whole."""
        artifact = read_manifest(self.folder(family, key))
        return artifact if artifact is not None and not any(artifact.damage()) else None

    def partial(self, key: str) -> Path:
        """Where the artifact of that key is being built."""
        return self.root / "partial" / key

    def publish(self, family: str, key: str, manifest: dict[str, Any]) -> Artifact:
        """Move what was built into place: files made durable and read-only, manifest written last, one rename."""
        seal(self.partial(key), {"family": family, "key": key, **manifest})
        folder = self.folder(family, key)
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.set_aside(folder)
        self.partial(key).rename(folder)
        make_durable(folder.parent)
        published = read_manifest(folder)
        assert published is not None
        return published

    def set_aside(self, folder: Path, *, place: str = QUARANTINE) -> Path | None:
        """Move an artifact to `<root>/<place>/`; returns where it lies now, None where there was none."""
        if not folder.exists():
            return None
        aside = self.root / place / f"{folder.parent.name}-{folder.name}-{time.time_ns()}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(aside)
        return aside

    def damaged(self, family: str, key: str) -> Path | None:
        """What was last set aside as the damaged artifact of that key."""
        return max((self.root / QUARANTINE).glob(f"{family}-{key}-*"), default=None)

    def current(self, label: str) -> Artifact | None:
        """The artifact that `current/` leads to under a label, whole or not."""
        link = self.root / "current" / label
        return read_manifest(link.resolve()) if link.is_symlink() else None

    def point_current(self, name: str, artifact: Artifact) -> None:
        """Let `<root>/current/<name>` lead to the artifact."""
        self.point(f"current/{name}", Path(os.path.relpath(artifact.folder, self.root / "current")))

    def point(self, name: str, target: Path) -> None:
        """Let `<root>/<name>` lead to `target`, which is relative to the link's folder."""
        link = self.root / name
        if link.is_symlink() and link.readlink() == target:
            return
        link.parent.mkdir(parents=True, exist_ok=True)
        aside = link.with_name(f".{link.name}-{os.getpid()}")
        aside.unlink(missing_ok=True)
        aside.symlink_to(target)
        aside.replace(link)

    @contextmanager
    def locked(self, key: str, *, on_wait: Callable[[], None]) -> Iterator[int]:
        """Hold the key's lock; gives its file descriptor, which a child may inherit so that the lock outlives us.

        `on_wait` is called once if another process holds it.
        """
        descriptor = _locked(self.lock_file(key), on_wait)
        assert descriptor is not None
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def locked_if_free(self, key: str) -> Iterator[bool]:
        """Hold the key's lock where no other process does; gives whether we hold it."""
        descriptor = _locked(self.lock_file(key), None)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def lock_file(self, key: str) -> Path:
        """Where the lock of a key lies."""
        return self.root / "locks" / f"{key}.lock"

    def lock_note(self, key: str) -> Mapping[str, Any]:
        """What the process that holds the key's lock says of its work; empty where it says nothing."""
        try:
            noted = json.loads(self.lock_file(key).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def is_locked(self, key: str) -> bool:
        """Whether a process builds the artifact of that key now."""
        try:
            descriptor = os.open(self.lock_file(key), os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


def note_lock(descriptor: int, note: Mapping[str, Any]) -> None:
    """Say in the lock file that we hold what is being done, for whoever looks at the workspace meanwhile."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(note).encode(), 0)


def _locked(path: Path, on_wait: Callable[[], None] | None) -> int | None:
    """The descriptor of a lock file that we now hold; None where another process does and we are not to wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait is None:
                os.close(descriptor)
                return None
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_still(descriptor, path):
            return descriptor
        os.close(descriptor)  # `gc` removed it while we waited, and another process may hold a new one


def _is_still(descriptor: int, path: Path) -> bool:
    """Whether the path leads to the file that is open."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def fresh_folder(folder: Path) -> Path:
    """An empty folder at that path, whatever lay there."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder
