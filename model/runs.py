"""What training a stage and fine-tuning have in common before and after the loop."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from torch import Tensor, nn

from data import vocabulary
from data.pictures.store import PictureStore
from data.progress import Progress
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.vocabulary import FILE_NAME as VOCABULARY_FILE
from data.vocabulary import Vocabulary
from data.writers import write_json, write_parquet
from model import facts, learner
from model.checkpoint import Checkpoints
from model.facts import Facts
from model.job import Job
from model.loop import Loop, Trained
from model.patches import Grid, PatchStore, texts_of
from model.regions import ImageStore
from model.specs import ImagesSeen, Network
from model.updates import Batch

_SHARE_OF_TRAINING = 0.95  # of the progress shown; the rest is judging and writing


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A training, and the seconds that this process spent on it."""

    trained: Trained
    seconds: float


def read_facts(this: Job) -> Facts:
    """The facts in the job's inputs: about the images as its network sees them."""
    network = this.read_spec(Network, this.network)
    words = vocabulary.load(this.folder("vocabulary"))
    store = _IMAGES[network.images](this, network, words)
    return facts.of(store, words, negatives=this.inputs.get("hard_negatives"))


def _regions(this: Job, network: Network, words: Vocabulary) -> ImageStore:
    return RegionStore.open(this.folder("regions") / REGIONS_FILE)


def _patches(this: Job, network: Network, words: Vocabulary) -> ImageStore:
    pictures = PictureStore.open(this.folder("pictures"), this.folders)
    num_threads = len(os.sched_getaffinity(0))  # it changes no byte
    return PatchStore(
        pictures,
        Grid.of(network),
        colours=network.colours,
        num_threads=num_threads,
        texts_of=texts_of(words.tokens),
    )


_IMAGES: Mapping[ImagesSeen, Callable[[Job, Network, Vocabulary], ImageStore]] = {
    "regions": _regions,
    "patches": _patches,
}


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
