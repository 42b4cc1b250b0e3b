"""What the engine promises on a GPU; skipped where there is none."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch

from data.progress import silent
from model import loop, train
from model.loop import Loop
from model.specs import Stage
from model.updates import Update
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_network, tiny_stage

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
NUM_STEPS = 30


class KilledError(Exception):
    """Stands in for a kill: nothing is saved on the way out."""


@pytest.fixture(autouse=True)
def as_before() -> Any:
    """Deterministic kernels and TF32 are settings of the process."""
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("highest")


def stage(**changes: Any) -> Stage:
    found = tiny_stage(num_steps=NUM_STEPS)
    return dataclasses.replace(found, budget=dataclasses.replace(found.budget, device="cuda", **changes))


def job(folder: Path, tiny: TinySet, spec: Stage, *, every_s: float = 1000.0) -> str:
    return str(write_job(folder, spec=spec, network=tiny_network(), inputs=tiny.inputs(), every_s=every_s))


def losses(folder: Path) -> list[float]:
    found: list[float] = pq.read_table(folder / "result/metrics.parquet")["loss"].to_pylist()
    return found


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_an_exact_training_that_was_killed_ends_with_the_same_bits(
    precision: str, tiny: TinySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(loop._READ_EVERY, "cuda", 4)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train.train(job(whole, tiny, stage(precision=precision)), silent)
    again = job(cut, tiny, stage(precision=precision), every_s=1e-9)
    for step in (3, 11, 22):

        def kill(share: float, message: str, step: int = step) -> None:
            if message.startswith(f"step {step} of"):
                raise KilledError

        with pytest.raises(KilledError):
            train.train(again, kill)
    train.train(again, silent)
    assert (cut / "result/weights.safetensors").read_bytes() == (whole / "result/weights.safetensors").read_bytes()
    assert losses(cut) == losses(whole)


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_an_update_never_waits_for_the_device(
    mode: str, tiny: TinySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Loop._update
    held: list[int] = []

    def held_update(self: Loop[Any], given: Update[Any]) -> None:
        if given.number < 12:  # what is compiled or tuned once may wait
            update(self, given)
            return
        torch.cuda.set_sync_debug_mode("error")
        try:
            update(self, given)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        held.append(given.number)

    monkeypatch.setattr(Loop, "_update", held_update)
    train.train(job(tmp_path, tiny, stage(mode=mode, precision="bfloat16")), silent)
    assert held == list(range(12, NUM_STEPS))


def test_the_fast_mode_learns_what_the_exact_one_learns(tiny: TinySet, tmp_path: Path) -> None:
    train.train(job(tmp_path / "exact", tiny, stage()), silent)
    torch.use_deterministic_algorithms(False)
    train.train(job(tmp_path / "fast", tiny, stage(mode="fast", precision="bfloat16")), silent)
    exact, fast = losses(tmp_path / "exact"), losses(tmp_path / "fast")
    assert fast[0] == pytest.approx(exact[0], rel=0.05)
    assert sum(fast[-10:]) == pytest.approx(sum(exact[-10:]), rel=0.15)
