"""What a training looks like while it runs: a line of progress, TensorBoard events, and its speed as a table.

All of it is record: nothing here decides a result, and nothing waits for the device.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from tensorboardX import SummaryWriter

from data.writers import write_parquet
from model.specs import Budget

SPEED_FILE = "speed.parquet"
_EVERY_S = 2.0
_STARVES = 0.1  # of the time: worth saying
_ROOF_SIDE = {"cpu": 1024, "cuda": 8192}
_ROOF_ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Some seconds of a training. Positions are word pieces and regions, padding included; FLOP those of products."""

    step: int
    seconds: float
    rows_per_second: float
    positions_per_second: float
    flop_per_second: float
    utilisation: float
    """The share of what a large matrix product of the same precision reaches on this device."""
    starved: float
    """The share of the time in which the step waited for rows."""
    peak_bytes: int
    """Of the GPU's memory, or of the process's where there is none."""


class Watch:
    """Counts what was trained on; every few seconds it tells."""

    def __init__(self, folder: Path, *, budget: Budget) -> None:
        self._folder = folder
        self._budget = budget
        self._events = SummaryWriter(str(folder / "tensorboard"))
        self._rows = self._positions = 0
        self._flop = self._starved_s = 0.0
        self._since_s = self._started_s = time.monotonic()
        self._told: list[Speed] = []
        self._roof_flop_per_second = roof_flop_per_second(budget)

    def count(self, *, rows: int, positions: int, flop: float) -> None:
        """One more update."""
        self._rows += rows
        self._positions += positions
        self._flop += flop

    def tell(self, step: int, metrics: Mapping[str, float], *, starved_s: float) -> None:
        """Write the metrics of the last update and the speed since it was last told, if that is a while ago."""
        seconds = time.monotonic() - self._since_s
        if seconds < _EVERY_S:
            return
        speed = Speed(
            step=step,
            seconds=time.monotonic() - self._started_s,
            rows_per_second=self._rows / seconds,
            positions_per_second=self._positions / seconds,
            flop_per_second=self._flop / seconds,
            utilisation=self._flop / seconds / self._roof_flop_per_second,
            starved=(starved_s - self._starved_s) / seconds,
            peak_bytes=_peak_bytes(self._budget.device),
        )
        self._told.append(speed)
        for name, value in {**metrics, **{f"speed/{name}": value for name, value in asdict(speed).items()}}.items():
            if not math.isnan(value):
                self._events.add_scalar(name, value, step)
        self._rows = self._positions = 0
        self._flop, self._starved_s = 0.0, starved_s
        self._since_s = time.monotonic()

    def line(self) -> str:
        """The speed in a few words; empty until it is known."""
        if not self._told:
            return ""
        last = self._told[-1]
        words = f", {last.rows_per_second:,.0f} rows/s, {last.flop_per_second / 1e9:,.0f} GFLOP/s"
        words += f" ({last.utilisation:.0%} of a matrix product's)"
        return words + (f", starved {last.starved:.0%} of the time" if last.starved > _STARVES else "")

    def close(self) -> dict[str, Any]:
        """Write the table of speeds; returns the medians of its columns."""
        self._events.close()
        names = [field.name for field in fields(Speed)]
        table = pa.Table.from_pylist([asdict(speed) for speed in self._told], schema=_SCHEMA)
        write_parquet(self._folder / SPEED_FILE, table, _SCHEMA)
        return {name: _median([getattr(speed, name) for speed in self._told]) for name in names[2:]}


def roof_flop_per_second(budget: Budget) -> float:
    """The best of some large matrix products of the budget's precision on its device."""
    side = _ROOF_SIDE[budget.device]
    dtype = torch.bfloat16 if budget.precision == "bfloat16" else torch.float32
    generator = torch.Generator(budget.device).manual_seed(0)
    left, right = (torch.rand(side, side, device=budget.device, generator=generator).to(dtype) for _ in range(2))
    product = left @ right
    best_s = math.inf
    for _ in range(_ROOF_ROUNDS):
        _wait(budget.device)
        started_s = time.perf_counter()
        torch.matmul(left, right, out=product)
        _wait(budget.device)
        best_s = min(best_s, time.perf_counter() - started_s)
    return 2 * side**3 / best_s


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _peak_bytes(device: str) -> int:
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _median(values: list[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None


_TYPES = {"int": pa.int64(), "float": pa.float64()}
_SCHEMA = pa.schema([pa.field(field.name, _TYPES[str(field.type)], nullable=False) for field in fields(Speed)])
