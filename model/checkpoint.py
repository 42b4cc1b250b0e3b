"""Checkpoints: whole or absent, checked before they are used, the newest two kept, written beside the training."""

from __future__ import annotations

import hashlib
import io
import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import torch
from torch import Tensor

_NAME = re.compile(r"step-(\d{9})\.checkpoint")
_NUM_KEPT = 2
_DIGEST_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """The checkpoints in one folder. Those with another `digest`, of spec and inputs, are not ours.

    In a `with` block until the last of them is on the disk.
    """

    folder: Path
    digest: str
    _writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1), init=False, repr=False)
    _writing: list[Future[None]] = field(default_factory=list, init=False, repr=False)

    def __enter__(self) -> Checkpoints:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.wait()

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Copy the state after `step` updates, and have it written while training goes on.

        Waits for the one before, so that at most one copy is held; what went wrong with that one is raised here.
        """
        self.wait()
        copied = _copied({"digest": self.digest, "step": step, **state})
        self._writing.append(self._writer.submit(self._write, step, copied))

    def wait(self) -> None:
        """Have all that was saved on the disk. Raises what went wrong."""
        while self._writing:
            self._writing.pop().result()

    def newest(self) -> dict[str, Any] | None:
        """The newest checkpoint that is whole and ours, `step` in it; None where there is none."""
        for path in self._newest_first():
            state = _read(path)
            if state is not None and state["digest"] == self.digest:
                return state
        return None

    def _write(self, step: int, state: dict[str, Any]) -> None:
        """The file is written aside, synced and renamed; it starts with the SHA-256 of what follows."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"step-{step:09}.checkpoint"
        aside = target.with_suffix(".partial")
        with aside.open("wb") as file:
            file.write(bytes(_DIGEST_BYTES))
            payload = _Hashed(file)
            torch.save(state, payload)  # type: ignore[arg-type]  # it only writes
            file.seek(0)
            file.write(payload.digest.digest())
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
        _sync_folder(self.folder)
        for old in self._newest_first()[_NUM_KEPT:]:
            old.unlink()

    def _newest_first(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted((path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)


class _Hashed(io.RawIOBase):
    """Writes into a file, and knows the SHA-256 of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, content: Any) -> int:
        """Write some bytes."""
        self.digest.update(content)
        return self._file.write(content)


def _copied(state: Any) -> Any:
    """The same with a copy of every tensor in the host's memory; what comes from a GPU comes through pinned memory."""
    if isinstance(state, dict):
        return {name: _copied(value) for name, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(_copied(value) for value in state)
    if not isinstance(state, Tensor):
        return state
    copy = torch.empty_like(state, device="cpu", pin_memory=state.is_cuda)
    return copy.copy_(state.detach())


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
