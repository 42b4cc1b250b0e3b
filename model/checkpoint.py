"""Checkpoints: whole or absent, checked before they are used, the newest two kept."""

from __future__ import annotations

import hashlib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

_NAME = re.compile(r"step-(\d{9})\.checkpoint")
_NUM_KEPT = 2
_DIGEST_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """The checkpoints in one folder. Those with another `digest`, of spec and inputs, are not ours."""

    folder: Path
    digest: str

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Write the state after `step` updates, then remove all but the newest two.

        The file is written aside, synced and renamed; it starts with the SHA-256 of what follows.
        """
        buffer = io.BytesIO()
        torch.save({"digest": self.digest, "step": step, **state}, buffer)
        payload = buffer.getbuffer()
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"step-{step:09}.checkpoint"
        aside = target.with_suffix(".partial")
        with aside.open("wb") as file:
            file.write(hashlib.sha256(payload).digest())
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
        _sync_folder(self.folder)
        for old in self._newest_first()[_NUM_KEPT:]:
            old.unlink()

    def newest(self) -> dict[str, Any] | None:
        """The newest checkpoint that is whole and ours, `step` in it; None where there is none."""
        for path in self._newest_first():
            state = _read(path)
            if state is not None and state["digest"] == self.digest:
                return state
        return None

    def _newest_first(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted((path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)


def _read(path: Path) -> dict[str, Any] | None:
    content = path.read_bytes()
    payload = memoryview(content)[_DIGEST_BYTES:]
    if hashlib.sha256(payload).digest() != content[:_DIGEST_BYTES]:
        return None  # cut off or damaged: the one before it is used
    state: dict[str, Any] = torch.load(io.BytesIO(payload), weights_only=True)
    return state


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
