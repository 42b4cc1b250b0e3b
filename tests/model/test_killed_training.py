"""Killed at steps drawn from a printed seed, a training ends with the weights of one that was never interrupted."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from model.specs import FineTuning, Mixing, Stage
from tests.model.test_train import ROOT
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import GROUPED, tiny_fine_tuning, tiny_network, tiny_stage, tiny_stage_of_msp, tiny_streams

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a process that its parent died"),
]

NUM_KILLS, NUM_KILLS_SHORT = 10, 2
NUM_STEPS = 60
STARTER = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-m', *sys.argv[1:]]).returncode)"


def grouped() -> Stage:
    """The sentence stage in an order that observes: 7 updates an epoch."""
    stage = tiny_stage_of_msp("sentence", num_steps=NUM_STEPS)
    return dataclasses.replace(stage, streams=(dataclasses.replace(stage.streams[0], order=GROUPED),))


SPECS: dict[str, Stage | FineTuning] = {
    "token": tiny_stage_of_msp("token", num_steps=NUM_STEPS),
    "phrase": tiny_stage_of_msp("phrase", num_steps=NUM_STEPS),
    "sentence": tiny_stage_of_msp("sentence", num_steps=NUM_STEPS),
    "grouped": grouped(),
    "accumulate": tiny_stage(num_steps=NUM_STEPS, streams=tiny_streams(), mixing=Mixing(name="accumulate")),
    "alternate": tiny_stage(num_steps=NUM_STEPS, streams=tiny_streams(), mixing=Mixing(name="alternate")),
    "fine-tuning": tiny_fine_tuning(num_epochs=8),
}


def start(job: Path) -> subprocess.Popen[bytes]:
    """A process that starts the training, in a group of their own."""
    module = "model.finetune" if "fine-tuning" in str(job) else "model.train"
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, module, str(job)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def newest_step(folder: Path) -> int:
    return max((int(path.stem[5:]) for path in (folder / "checkpoints").glob("step-*.checkpoint")), default=0)


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "result/weights.safetensors").read_bytes()).hexdigest()


def written(folder: Path, spec: Any, tiny: TinySet, *, every_s: float) -> Path:
    inputs = tiny.benchmark_inputs("vqa") if isinstance(spec, FineTuning) else tiny.inputs()
    return write_job(folder, spec=spec, network=tiny_network(), inputs=inputs, every_s=every_s)


@pytest.mark.parametrize("name", SPECS)
def test_whatever_is_killed_it_ends_with_the_same_weights(
    name: str, tiny: TinySet, tmp_path: Path, short: bool
) -> None:
    whole, cut = tmp_path / name / "whole", tmp_path / name / "cut"
    assert start(written(whole, SPECS[name], tiny, every_s=1000.0)).wait() == 0
    job = written(cut, SPECS[name], tiny, every_s=0.0)
    seed = random.SystemRandom().randrange(10**6)
    moments = random.Random(seed)
    num_kills = NUM_KILLS_SHORT if short else NUM_KILLS
    steps = sorted(moments.sample(range(1, newest_step(whole) - 4), num_kills))
    ways = [("group", "parent")[number % 2] for number in range(num_kills)]
    print(f"{name}: seed {seed}: {', '.join(f'{way} at {step}' for way, step in zip(ways, steps, strict=True))}")
    for step, way in zip(steps, ways, strict=True):
        process = start(job)
        while newest_step(cut) < step:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL) if way == "group" else process.kill()
        process.wait()
        assert not (cut / "result").exists()
    assert start(job).wait() == 0
    assert digest(cut) == digest(whole)
