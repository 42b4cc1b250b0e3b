"""Pins: the digests of a user's file or folder, remembered for as long as nothing shows that it has changed."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from data.digests import digest_of, file_digest, files_below
from data.errors import SourceError
from data.progress import Progress

_TRUSTED_AGE_NS = 2 * 10**9  # a file younger than this may change again within one tick of its clock


@dataclass(frozen=True, kw_only=True)
class Pin:
    """What was read: the SHA-256 of each file by its name, and what tells without reading that it is still so.

    `seen` has for each file its size, mtime_ns, ctime_ns and inode.
    """

    path: str
    files: Mapping[str, str]
    seen: Mapping[str, Mapping[str, int]]

    @property
    def digest(self) -> str:
        """The digest of it all."""
        return digest_of(dict(self.files))


def find(root: Path, path: Path) -> Pin | None:
    """The pin of a file or folder, None if there is none or it has changed since."""
    try:
        pin = Pin(**json.loads(pin_file(root, path).read_text("utf-8")))
        return pin if pin.seen == look(path) else None
    except (OSError, ValueError, TypeError):
        return None


def remember(root: Path, pin: Pin) -> None:
    """Write a pin, whole or not at all."""
    file = pin_file(root, Path(pin.path))
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(f".{os.getpid()}")
    aside.write_text(json.dumps(asdict(pin)), "utf-8")
    aside.replace(file)


def pin_file(root: Path, path: Path) -> Path:
    """Where the pin of a path lies."""
    return root / "pins" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"


def look(path: Path) -> dict[str, dict[str, int]]:
    """Size, times and inode of each file, by its name. Raises OSError."""
    looks = {}
    for name, file in _files(path):
        stat = file.stat()
        looks[name] = {
            "size": stat.st_size,
            "mtime_ns": stat.st_mtime_ns,
            "ctime_ns": stat.st_ctime_ns,
            "inode": stat.st_ino,
        }
    return looks


def read(path: Path, progress: Progress) -> Pin:
    """Read it all. Raises OSError where a file cannot be read, SourceError where it changes meanwhile."""
    before = look(path)
    if any(time.time_ns() - seen["ctime_ns"] < _TRUSTED_AGE_NS for seen in before.values()):
        time.sleep(_TRUSTED_AGE_NS / 1e9)  # so that any change from now on shows in its times
    digests = _digests(path, progress)
    after = look(path)
    if after != before:
        raise SourceError(
            expected="a file that stays as it is while it is read",
            found="it changed meanwhile",
            where=str(path),
            way_out="wait until whatever writes it is done, then give the command again",
        )
    return Pin(path=str(path), files=digests, seen=before)


def _files(path: Path) -> list[tuple[str, Path]]:
    """Files by the names that readers see (NLVR's own becomes part of its images' names); a moved folder keeps them."""
    return list(files_below(path)) if path.is_dir() else [(path.name, path)]


def _digests(path: Path, progress: Progress) -> dict[str, str]:
    files = _files(path)
    total = max(1, sum(file.stat().st_size for _, file in files))
    done = 0

    def on_block(block: bytes) -> None:
        nonlocal done
        done += len(block)
        progress(done / total, f"reading {path.name}")

    return {name: file_digest(file, on_block=on_block) for name, file in files}
