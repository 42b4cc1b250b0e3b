"""The workspace on disk: content-addressed artifacts that are whole or absent, and the locks that guard them.

<root>/store/<family>/<key>/   result/ (hashed, read by descendants)  record/ (never hashed)  manifest.json
<root>/partial/<key>/          what is being built; a stable name, so that long work goes on there after a kill
<root>/locks/<key>.lock        kernel locks (flock): gone with the process that held them
<root>/pins/                   digests of source files
<root>/current/<label>         link to the artifact that the last command used
<root>/report.html             link to the page of the last report
<root>/logs/                   one full log a command
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
_BLOCK_BYTES = 4 * 2**20


def digest_of(value: Any) -> str:
    """The SHA-256 of a JSON value, its keys sorted."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()).hexdigest()


def file_digest(path: Path, *, on_bytes: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file's content; `on_bytes` hears of every block read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            if on_bytes is not None:
                on_bytes(len(block))
    return digest.hexdigest()


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder as (relative posix path, path), sorted by the relative path."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    yield from sorted((path.relative_to(folder).as_posix(), path) for path in paths)


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A published artifact: its folder and its manifest."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def result(self) -> Path:
        """The folder that descendants read."""
        return self.folder / "result"

    @property
    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """The result's files by relative path: sha256 and bytes."""
        files: Mapping[str, Mapping[str, Any]] = self.manifest["result"]["files"]
        return files

    def digest(self, results: tuple[str, ...] = ()) -> str:
        """The digest of the named results (files, or folders and all below them); of everything where none is named."""
        chosen = {path: entry["sha256"] for path, entry in self.files.items() if _is_among(path, results)}
        return digest_of(chosen)

    def is_whole(self) -> bool:
        """Whether every file that the manifest lists is there with its size."""
        return all(_size(self.result / path) == entry["bytes"] for path, entry in self.files.items())


class Store:
    """All artifacts below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, family: str, key: str) -> Artifact | None:
        """The artifact of that key if it was published and is whole."""
        folder = self.root / "store" / family / key
        try:
            manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
            artifact = Artifact(folder=folder, manifest=manifest)
            return artifact if artifact.is_whole() else None
        except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            return None

    def partial(self, key: str) -> Path:
        """Where the artifact of that key is being built."""
        return self.root / "partial" / key

    def publish(self, family: str, key: str, manifest: dict[str, Any]) -> Artifact:
        """Move what was built into place: files made durable, manifest written last, one rename."""
        partial = self.partial(key)
        files = {path: _describe(file) for path, file in files_below(partial / "result")}
        assert files, f"{family} wrote nothing"
        manifest = {**manifest, "result": {"files": files, "digest": digest_of(_digests(files))}}
        for _, file in files_below(partial):
            _make_durable(file)
        (partial / MANIFEST).write_text(json.dumps(manifest, sort_keys=True, indent=2) + "\n", "utf-8")
        _make_durable(partial / MANIFEST)
        folder = self.root / "store" / family / key
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._set_aside(folder)
        partial.rename(folder)
        _make_durable(folder.parent)
        return Artifact(folder=folder, manifest=manifest)

    def _set_aside(self, folder: Path) -> None:
        """Move what lies at `folder` (an artifact that is no longer whole) to the quarantine: nothing is deleted."""
        if folder.exists():
            quarantine = self.root / "quarantine" / f"{folder.parent.name}-{folder.name}-{time.time_ns()}"
            quarantine.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(quarantine)

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
        path = self.root / "locks" / f"{key}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def fresh_folder(folder: Path) -> Path:
    """An empty folder at that path, whatever lay there."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def _is_among(path: str, results: tuple[str, ...]) -> bool:
    return not results or any(path == name or path.startswith(f"{name}/") for name in results)


def _digests(files: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {path: entry["sha256"] for path, entry in files.items()}


def _describe(file: Path) -> dict[str, Any]:
    entry: dict[str, Any] = {"sha256": file_digest(file), "bytes": file.stat().st_size}
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        entry["rows"] = pq.read_metadata(file).num_rows
    return entry


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
