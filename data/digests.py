"""Digests of files and of JSON values, and files made durable: what whole-or-absent rests on, here and in `tasks`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_BLOCK_BYTES = 4 * 2**20


def digest_of(value: Any) -> str:
    """The SHA-256 of a JSON value, its keys sorted."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()).hexdigest()


def file_digest(path: Path, *, on_block: Callable[[bytes], None] | None = None) -> str:
    """The SHA-256 of a file's content; `on_block` is given every block that was read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            if on_block is not None:
                on_block(block)
    return digest.hexdigest()


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder as (relative posix path, path), sorted by the relative path."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    yield from sorted((path.relative_to(folder).as_posix(), path) for path in paths)


def make_durable(path: Path) -> None:
    """Have a file, or a folder's list of names, on the disk before anything that relies on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
