"""The course of a long measurement: what was found is said and kept at once, and what fails does not end it."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from model.specs import Device


class Run:
    """All measurements of one call, said as they come, and kept: as JSON too where $OUT is set."""

    def __init__(self, device: Device, minutes: float) -> None:
        self.device = device
        self.results: list[dict[str, Any]] = []
        self._started = time.monotonic()
        self._minutes = minutes

    def say(self, text: str) -> None:
        """Print at once, with the seconds since the start."""
        print(f"[{time.monotonic() - self._started:6.1f} s] {text}", flush=True)

    def is_late(self, share: float) -> bool:
        """Whether this share of the time is over."""
        return time.monotonic() - self._started > share * self._minutes * 60

    def keep(self, **result: Any) -> None:
        """Add a result."""
        self.results.append(result)
        said = {key: f"{value:.4g}" if isinstance(value, float) else value for key, value in result.items()}
        self.say(", ".join(f"{key} {value}" for key, value in said.items()))
        if "OUT" in os.environ:
            Path(os.environ["OUT"], "training.json").write_text(json.dumps(self.results, indent=1), "utf-8")

    @contextmanager
    def attempt(self, what: str) -> Iterator[None]:
        """Say what failed in the block, and go on."""
        try:
            yield
        except Exception as error:
            self.keep(failed=what, error=f"{type(error).__name__}: {error}"[:500])
            traceback.print_exc(limit=8)
            sys.stderr.flush()
            if self.device == "cuda":
                _mend_generator()
        gc.collect()
        if self.device == "cuda":
            torch.cuda.empty_cache()

    def wait(self) -> None:
        """For the device."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def peak_gib(self) -> float:
        """The most memory of the device that was in use since the last call."""
        if self.device != "cuda":
            return 0.0
        peak = torch.cuda.max_memory_allocated() / 2**30
        torch.cuda.reset_peak_memory_stats()
        return peak


def _mend_generator() -> None:
    """A recording that failed leaves torch's generator believing that it is still going on."""
    with suppress(RuntimeError):
        generator = torch.cuda.default_generators[torch.cuda.current_device()]
        generator.graphsafe_set_state(generator.clone_state())
