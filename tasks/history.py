"""What building artifacts took, one JSON line each, kept when they are gone: the ground of estimates."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FILE_NAME = "history.jsonl"


@dataclass(frozen=True, kw_only=True)
class Built:
    """One artifact that was built: `seconds` of this machine's time, bytes of its inputs and of its result."""

    label: str
    family: str
    key: str
    settings: str
    """The digest of the settings."""
    started: str
    """ISO 8601, UTC."""
    seconds: float
    read_bytes: int
    written_bytes: int


def note(root: Path, built: Built) -> None:
    """Append a line, whole even where two commands do it at once, and of its own even where a full disk cut one off."""
    line = json.dumps(asdict(built), sort_keys=True) + "\n"
    descriptor = os.open(root / FILE_NAME, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        num_bytes = os.fstat(descriptor).st_size
        was_cut_off = num_bytes > 0 and os.pread(descriptor, 1, num_bytes - 1) != b"\n"
        os.write(descriptor, (("\n" if was_cut_off else "") + line).encode())
    finally:
        os.close(descriptor)


def read(root: Path) -> Mapping[str, tuple[Built, ...]]:
    """What was built in this workspace by label, in the order of time; lines that cannot be read are passed over."""
    try:
        lines = (root / FILE_NAME).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, list[Built]] = {}
    for line in lines:
        try:
            built = Built(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found.setdefault(built.label, []).append(built)
    return {label: tuple(sorted(each, key=lambda built: built.started)) for label, each in found.items()}
