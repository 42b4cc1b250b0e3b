"""What training a stage and fine-tuning have in common before and after the loop."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from torch import Tensor, nn

from data.progress import Progress
from data.vocabulary import FILE_NAME as VOCABULARY_FILE
from data.writers import write_json, write_parquet
from model import learner
from model.checkpoint import Checkpoints
from model.facts import Facts
from model.job import Job
from model.loop import Loop, Trained
from model.updates import Batch

_SHARE_OF_TRAINING = 0.95  # of the progress shown; the rest is judging and writing


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A training, and the seconds that this process spent on it."""

    trained: Trained
    seconds: float


def read_start(this: Job, known: Facts) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights and description of the stage that the job starts from; both empty where it starts from scratch."""
    if "start" not in this.inputs:
        return {}, {}
    return learner.read(this.inputs["start"], same_words=learner.digests(known))


def run(loop: Loop[Batch], this: Job, progress: Progress) -> Timed:
    """Train to the end of the budget."""
    started_s = time.monotonic()
    trained = loop.run(
        Checkpoints(folder=this.checkpoints, digest=this.digest()),
        record=this.record,
        checkpoint_every_s=this.checkpoint_every_s,
        progress=lambda share, message: progress(share * _SHARE_OF_TRAINING, message),
    )
    return Timed(trained=trained, seconds=time.monotonic() - started_s)


def write(this: Job, pupil: nn.Module, timed: Timed, *, description: dict[str, Any]) -> None:
    """Write weights, network.json, metrics.parquet and vocab.txt, and run.json into the record."""
    this.result.mkdir(parents=True, exist_ok=True)
    this.record.mkdir(parents=True, exist_ok=True)
    learner.write(pupil, this.result, description=description)
    _write_metrics(timed.trained, this.result / "metrics.parquet")
    shutil.copyfile(this.folder("vocabulary") / VOCABULARY_FILE, this.result / VOCABULARY_FILE)
    write_json(this.record / "run.json", _run(timed))


def _write_metrics(trained: Trained, path: Path) -> None:
    floats = [pa.field(name, pa.float64(), nullable=False) for name in trained.columns]
    schema = pa.schema([pa.field("step", pa.int32(), nullable=False), *floats])
    columns = [range(len(trained.metrics)), *trained.metrics.T.numpy()]
    write_parquet(path, pa.table([pa.array(column) for column in columns], names=schema.names), schema)


def _run(timed: Timed) -> dict[str, Any]:
    return {
        "first_step": timed.trained.first_step,
        "training_seconds": timed.seconds,
        "speed": timed.trained.speed,
        "samples_per_second": timed.trained.num_rows / max(timed.seconds, 1e-9),
        "torch": torch.__version__,
        "num_threads": torch.get_num_threads(),
    }
