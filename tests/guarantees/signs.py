"""Files by which a test and the toys of a command tell each other how far they are, so that no test rests on time."""

from __future__ import annotations

import time
from pathlib import Path


def num_tries(folder: Path, name: str) -> int:
    """How often that was tried."""
    path = folder / f"{name}.tries"
    return len(path.read_text()) if path.exists() else 0


def wait_for(sign: Path, *, holds: str = "", seconds: float = 60.0) -> None:
    """Return once a file is there and holds these words; fail if that never comes."""
    end = time.monotonic() + seconds
    while not sign.exists() or holds not in sign.read_text():
        assert time.monotonic() < end, f"{sign} never came"
        time.sleep(0.02)
