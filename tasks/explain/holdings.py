"""What a workspace holds: what is current, what is being built now, and what lies in the other rooms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.explain.ancestry import labels
from tasks.manifest import Artifact, Damage
from tasks.store import Store

ASIDE = ("filtered", "rejected")
"""Tables of what was left out."""
ROOMS = ("partial", "quarantine", "replaced", "removed")
"""Folders beside the store in which something may wait."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What `current/` has under one label; `key` is None where the link leads nowhere."""

    label: str
    key: str | None
    started: str | None = None
    seconds: float | None = None
    num_bytes: int | None = None
    num_rows: int | None = None
    damage: tuple[Damage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BeingBuilt:
    """A key whose lock is held; `label` is empty where its holder did not say."""

    key: str
    label: str
    since: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Something in one of the rooms beside the store."""

    room: str
    name: str
    num_bytes: int
    num_files: int


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """All that a workspace holds."""

    root: Path
    held: tuple[Held, ...]
    being_built: tuple[BeingBuilt, ...]
    waiting: tuple[Waiting, ...]
    num_artifacts: int
    """In the store, current or not."""
    num_bytes: int
    """Of their results and records."""


def holdings(store: Store) -> Holdings:
    """Look at it all; nothing is read but manifests, and files that a copy gave another inode."""
    artifacts = [path for path in (store.root / "store").glob("*/*") if path.is_dir()]
    return Holdings(
        root=store.root,
        held=tuple(_held(store, label) for label in labels(store)),
        being_built=tuple(_being_built(store)),
        waiting=tuple(_waiting(store, room, path) for room in ROOMS for path in sorted((store.root / room).glob("*"))),
        num_artifacts=len(artifacts),
        num_bytes=sum(_num_bytes(path) for path in artifacts),
    )


def num_rows(artifact: Artifact) -> int | None:
    """The rows of its largest table, the parts of one counted together, else those it counts; None where neither is."""
    tables: Counter[str] = Counter()
    for path, entry in artifact.files.items():
        if "rows" in entry and Path(path).stem not in ASIDE:
            tables[str(Path(path).parent) if Path(path).name.startswith("part-") else path] += entry["rows"]
    if tables:
        return max(tables.values())
    counted = (artifact.manifest.get("counts") or {}).get("rows")
    return sum(counted.values()) if counted else None


def _held(store: Store, label: str) -> Held:
    artifact = store.current(label)
    if artifact is None:
        return Held(label=label, key=None)
    recorded: dict[str, Any] = artifact.manifest["recorded"]
    return Held(
        label=label,
        key=artifact.key,
        started=recorded.get("started"),
        seconds=recorded.get("seconds"),
        num_bytes=artifact.num_bytes(),
        num_rows=num_rows(artifact),
        damage=tuple(artifact.damage()),
    )


def _being_built(store: Store) -> Iterator[BeingBuilt]:
    for lock in sorted((store.root / "locks").glob("*.lock")):
        if store.is_locked(lock.stem):
            since = datetime.fromtimestamp(lock.stat().st_mtime, UTC).isoformat(timespec="seconds")
            yield BeingBuilt(key=lock.stem, label=str(store.lock_note(lock.stem).get("label", "")), since=since)


def _waiting(store: Store, room: str, path: Path) -> Waiting:
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return Waiting(
        room=room, name=path.name, num_bytes=sum(file.stat().st_size for file in files), num_files=len(files)
    )


def _num_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
