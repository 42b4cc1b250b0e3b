"""`python -m model.train JOB.json`: trains one stage as docs/formats.md says, "A training job"."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from data.errors import UserError
from data.progress import Progress
from data.vocabulary import FILE_NAME as VOCABULARY_FILE
from data.writers import write_json, write_parquet
from model import facts, held_out, job, learner, protocol
from model.checkpoint import Checkpoints
from model.facts import Facts
from model.feed import Feed
from model.initialise import copy_matching
from model.job import Job
from model.learner import Learner
from model.loop import Loop, Trained, only_stream
from model.specs import Budget, Network, Stage, Stream, check_lengths

_SHARE_OF_TRAINING = 0.95  # of the progress shown; the rest is judging


def train(path: str, progress: Progress) -> None:
    """Do the job in the file `path`. Raises UserError."""
    this = job.read(Path(path))
    stage, network = this.read_spec(Stage, this.spec), this.read_spec(Network, this.network)
    stream = only_stream(stage)
    check_lengths(stage, network)
    _check_device(stage.budget)
    make_exact(stage.budget)
    known = _facts(this)
    pupil, description = _learner(this, stage, network, known)
    feeds = {
        split: Feed(stream, corpus=this.corpus(stream.corpus), split=split, facts=known, seed=stage.budget.seed)
        for split in ("train", "validation")
    }
    started_s = time.monotonic()
    trained = Loop(stage, pupil, feeds["train"]).run(
        Checkpoints(folder=this.checkpoints, digest=this.digest()),
        checkpoint_every_s=this.checkpoint_every_s,
        progress=lambda share, message: progress(share * _SHARE_OF_TRAINING, message),
    )
    seconds = time.monotonic() - started_s
    judged = held_out.judge(pupil, train=feeds["train"], validation=feeds["validation"], device=stage.budget.device)
    this.result.mkdir(parents=True, exist_ok=True)
    this.record.mkdir(parents=True, exist_ok=True)
    learner.write(pupil, this.result, description=description)
    write_json(this.result / "held_out.json", judged)
    _write_metrics(trained, this.result / "metrics.parquet")
    shutil.copyfile(this.folder("vocabulary") / VOCABULARY_FILE, this.result / VOCABULARY_FILE)
    write_json(this.record / "run.json", _run(trained, stream, seconds))
    progress(1.0, f"{stage.name}: {len(trained.metrics):,} steps")


def make_exact(budget: Budget) -> None:
    """Everything that the arithmetic depends on is set here: deterministic kernels, threads, and dropout's seed."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA's matrix products may differ
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_num_threads(budget.num_threads)
    torch.manual_seed(budget.seed)


def _check_device(budget: Budget) -> None:
    if budget.device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            expected="a GPU that torch can use",
            found=f"none (torch {torch.__version__})",
            where="the stage's device = cuda",
            way_out="set device = cpu, or install a CUDA build of torch on a machine with a GPU",
        )


def _facts(this: Job) -> Facts:
    return facts.read(
        regions=this.folder("regions"),
        words=this.folder("vocabulary"),
        negatives=this.inputs.get("hard_negatives"),
    )


def _learner(this: Job, stage: Stage, network: Network, known: Facts) -> tuple[Learner, dict[str, Any]]:
    """The learner at the start of the stage, and its description with what it took from the stage before."""
    objectives = only_stream(stage).objectives
    pupil = Learner(network, objectives, known, seed=stage.budget.seed)
    weights = _start(this.inputs["start"], known) if "start" in this.inputs else {}
    origin = copy_matching(pupil, weights)
    return pupil.to(stage.budget.device), {**learner.describe(network, objectives, known), "start": origin}


def _start(folder: Path, known: Facts) -> dict[str, torch.Tensor]:
    weights, _ = learner.read(folder, same_words=learner.digests(known))
    return weights


def _write_metrics(trained: Trained, path: Path) -> None:
    floats = [pa.field(name, pa.float64(), nullable=False) for name in trained.columns]
    schema = pa.schema([pa.field("step", pa.int32(), nullable=False), *floats])
    columns = [range(len(trained.metrics)), *trained.metrics.T.numpy()]
    write_parquet(path, pa.table([pa.array(column) for column in columns], names=schema.names), schema)


def _run(trained: Trained, stream: Stream, seconds: float) -> dict[str, Any]:
    num_steps = len(trained.metrics) - trained.first_step
    return {
        "first_step": trained.first_step,
        "training_seconds": seconds,
        "samples_per_second": num_steps * stream.batch_size / max(seconds, 1e-9),
        "torch": torch.__version__,
        "num_threads": torch.get_num_threads(),
    }


if __name__ == "__main__":
    protocol.main(train)
