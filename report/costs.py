"""What training a stage took, from the record beside its artifact: for the page alone, as never twice the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from report import artifacts

RUN, SPEED = "run.json", "speed.parquet"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds of the process that ended the training, and the update it began with; None where it is not known.

    `peak_bytes` are of the GPU's memory, or of the process's where there is none.
    """

    seconds: float
    first_step: int
    peak_bytes: int | None
    device: str
    num_processes: int
    num_threads: int


def costs(records: Mapping[str, Path], curriculum: Mapping[str, Any]) -> dict[str, Cost]:
    """The costs of those stages whose record is there, in the order of the curriculum."""
    budgets = {stage["name"]: stage["budget"] for stage in curriculum["stages"]}
    return {
        name: _cost(records[name], budgets[name])
        for name in budgets
        if name in records and (records[name] / RUN).is_file()
    }


def _cost(record: Path, budget: Mapping[str, Any]) -> Cost:
    path = record / RUN
    run = artifacts.json_object(path)
    return Cost(
        seconds=artifacts.number(run, "training_seconds", str(path)),
        first_step=int(artifacts.number(run, "first_step", str(path))),
        peak_bytes=_peak_bytes(record / SPEED),
        device=budget["device"],
        num_processes=1 + sum(folder.is_dir() for folder in record.glob("rank-*")),
        num_threads=budget["num_threads"],
    )


def _peak_bytes(path: Path) -> int | None:
    """The most that was ever told; nothing is told of a training of less than two seconds."""
    if not path.is_file():
        return None
    found = artifacts.table(path, ["peak_bytes"])
    peak: int | None = pc.max(found["peak_bytes"]).as_py() if found.column_names else None
    return peak
