"""Two processes train as one: on a CPU, joined by gloo."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from model.specs import Mixing, Network, Stage
from tests.model.test_train import ROOT
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import GROUPED, tiny_network, tiny_stage, tiny_streams

pytestmark = pytest.mark.timeout(300)
NUM_STEPS = 8


def trained(folder: Path, tiny: TinySet, stage: Stage, *, num_ranks: int) -> Path:
    """A job done by that many processes; its folder."""
    network = tiny_network(dropout_rate=0.0)
    return trained_on(folder, spec=stage, network=network, inputs=tiny.inputs(), num_ranks=num_ranks)


def trained_on(folder: Path, *, spec: Stage, network: Network, inputs: dict[str, Any], num_ranks: int) -> Path:
    """The same with other inputs."""
    run_job(write_job(folder, spec=spec, network=network, inputs=inputs, every_s=0.0), num_ranks=num_ranks)
    return folder


def run_job(job: Path, *, num_ranks: int, expected_code: int = 0) -> list[dict[str, Any]]:
    module = ["model.launch", str(num_ranks), "model.train"] if num_ranks > 1 else ["model.train"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *module, str(job)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == (expected_code == 0), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def losses(folder: Path) -> Any:
    return pq.read_table(folder / "result/metrics.parquet").to_pandas()


def slow_stage(**changes: Any) -> Stage:
    """Adam blows rounding up where a gradient is nothing else: small steps keep that far below the tolerance."""
    stage = tiny_stage(num_steps=NUM_STEPS, **changes)
    optimizer = dataclasses.replace(stage.budget.optimizer, learning_rate=1e-4)
    return dataclasses.replace(stage, budget=dataclasses.replace(stage.budget, optimizer=optimizer))


STAGES = {
    "one stream": slow_stage(),
    "two streams at once": slow_stage(streams=tiny_streams(), mixing=Mixing(name="accumulate")),
    "two streams by turns": slow_stage(streams=tiny_streams(), mixing=Mixing(name="sequence")),
}


@pytest.mark.parametrize("name", STAGES)
def test_two_ranks_have_the_losses_and_the_weights_of_one(name: str, tiny: TinySet, tmp_path: Path) -> None:
    alone = trained(tmp_path / "alone", tiny, STAGES[name], num_ranks=1)
    together = trained(tmp_path / "together", tiny, STAGES[name], num_ranks=2)
    np.testing.assert_allclose(losses(together), losses(alone), rtol=1e-5, atol=1e-6)
    weights = [load_file(folder / "result/weights.safetensors") for folder in (alone, together)]
    for tensor in weights[0]:
        if tensor.endswith("key.bias"):  # a softmax does not see it: its gradient is rounding
            continue
        np.testing.assert_allclose(weights[1][tensor], weights[0][tensor], rtol=1e-4, atol=1e-5, err_msg=tensor)


@pytest.mark.parametrize("numbers", [(2, 1), (1, 2)])
def test_a_training_goes_on_with_another_number_of_ranks(
    numbers: tuple[int, int], tiny: TinySet, tmp_path: Path
) -> None:
    stage = slow_stage()
    whole = trained(tmp_path / "whole", tiny, stage, num_ranks=1)
    folder = trained(tmp_path / "cut", tiny, stage, num_ranks=numbers[0])
    for name in ("result", "record"):
        (folder / name).rename(tmp_path / name)
    (folder / "checkpoints" / f"step-{NUM_STEPS:09}.checkpoint").unlink()  # the one before is of the step before
    run_job(folder / "job.json", num_ranks=numbers[1])
    assert json.loads((folder / "record/run.json").read_text("utf-8"))["first_step"] == NUM_STEPS - 1
    np.testing.assert_allclose(losses(folder), losses(whole), rtol=1e-5, atol=1e-6)


def grouped_stage() -> Stage:
    """Two mini-batches of 5 of 32 rows an update: epochs of 4 updates, of which the last has one mini-batch."""
    (stream,) = slow_stage().streams
    return slow_stage(streams=(dataclasses.replace(stream, batches_per_update=2, order=GROUPED),))


def orders(folder: Path) -> list[list[int]]:
    files = sorted((folder / "result/orders").iterdir())
    return [pq.read_table(file)["row"].to_pylist() for file in files]


def test_two_ranks_group_the_rows_of_both_as_one_does(tiny: TinySet, tmp_path: Path) -> None:
    alone = trained(tmp_path / "alone", tiny, grouped_stage(), num_ranks=1)
    together = trained(tmp_path / "together", tiny, grouped_stage(), num_ranks=2)
    assert [sorted(rows) for rows in orders(together)] == [list(range(32))]
    assert orders(together) == orders(alone)
    np.testing.assert_allclose(losses(together), losses(alone), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("numbers", [(2, 1), (1, 2), (2, 2)])
def test_groups_stay_whole_whatever_number_of_ranks_goes_on(
    numbers: tuple[int, int], tiny: TinySet, tmp_path: Path
) -> None:
    whole = trained(tmp_path / "whole", tiny, grouped_stage(), num_ranks=1)
    folder = trained(tmp_path / "cut", tiny, grouped_stage(), num_ranks=numbers[0])
    for name in ("result", "record"):
        (folder / name).rename(tmp_path / name)
    (folder / "checkpoints" / f"step-{NUM_STEPS:09}.checkpoint").unlink()
    run_job(folder / "job.json", num_ranks=numbers[1])
    assert orders(folder) == orders(whole)
    np.testing.assert_allclose(losses(folder), losses(whole), rtol=1e-5, atol=1e-6)


def test_a_mistake_is_said_once_and_in_words(tiny: TinySet, tmp_path: Path) -> None:
    job = write_job(tmp_path, spec=tiny_stage(), network=tiny_network(max_positions=11), inputs=tiny.inputs())
    said = run_job(job, num_ranks=2, expected_code=1)
    assert {entry["error"]["found"] for entry in said if "error" in entry} == {"12"}
