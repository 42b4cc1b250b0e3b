"""The training process: golden losses, exact resumption after any kill, and what it says of mistakes."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.numpy import load_file

from data.errors import UserError
from data.progress import silent
from data.schema import CORPUS
from data.writers import write_parquet
from model import train
from model.checkpoint import Checkpoints
from model.huggingface.export import export_result
from model.specs import Objective
from tests.model.tiny import TinySet, write_job
from tests.model.tiny_specs import tiny_network, tiny_stage
from tests.parts import only_part

ROOT = Path(__file__).parents[2]
NUM_STEPS = 40
RESULTS = ("weights.safetensors", "network.json", "metrics.parquet", "held_out.json", "vocab.txt")


def start(job: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "model.train", str(job)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(job: Path) -> tuple[int, list[dict[str, Any]], str]:
    process = start(job)
    output, errors = process.communicate()
    return process.returncode, [json.loads(line) for line in output.splitlines()], errors


def wait_for_step(checkpoints: Path, step: int) -> None:
    until = time.monotonic() + 120
    while not any(int(path.stem[5:]) >= step for path in checkpoints.glob("step-*.checkpoint")):
        assert time.monotonic() < until, "no checkpoint came"
        time.sleep(0.002)


def results(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "result" / name).read_bytes() for name in RESULTS}


@pytest.fixture(scope="module")
def uninterrupted(tiny: TinySet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    job = write_job(folder, spec=tiny_stage(num_steps=NUM_STEPS), network=tiny_network(), inputs=tiny.inputs())
    code, said, errors = finish(job)
    assert code == 0, errors
    assert said[-1]["progress"] == 1.0
    return folder


def test_killed_at_any_step_it_ends_with_the_same_bytes(tiny: TinySet, uninterrupted: Path, tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    steps = sorted(np.random.default_rng(seed).choice(np.arange(1, NUM_STEPS - 4), 2, replace=False).tolist())
    print(f"seed {seed}: SIGKILL at step {steps[0]}, SIGTERM at step {steps[1]}")
    job = write_job(
        tmp_path, spec=tiny_stage(num_steps=NUM_STEPS), network=tiny_network(), inputs=tiny.inputs(), every_s=0.0
    )
    kill(job, at_step=steps[0], by=signal.SIGKILL, expected_code=-signal.SIGKILL)
    kill(job, at_step=steps[1], by=signal.SIGTERM, expected_code=128 + signal.SIGTERM)
    code, _, errors = finish(job)
    assert code == 0, errors
    assert json.loads((tmp_path / "record/run.json").read_text("utf-8"))["first_step"] >= steps[1]
    assert results(tmp_path) == results(uninterrupted)
    torch.testing.assert_close(last_optimizer(tmp_path), last_optimizer(uninterrupted), rtol=0, atol=0)


def last_optimizer(folder: Path) -> dict[str, Any]:
    """The optimiser's state in the last checkpoint of a job."""
    checkpoint = Checkpoints(folder=folder / "checkpoints", digest="")
    state = torch.load(io.BytesIO(checkpoint._newest_first()[0].read_bytes()[32:]), weights_only=True)
    assert state["step"] == NUM_STEPS
    found: dict[str, Any] = state["optimizer"]
    return found


def kill(job: Path, *, at_step: int, by: signal.Signals, expected_code: int) -> None:
    process = start(job)
    wait_for_step(job.parent / "checkpoints", at_step)
    process.send_signal(by)
    process.communicate()
    assert process.returncode == expected_code
    assert not (job.parent / "result").exists()


def test_metrics_have_a_row_for_every_step_and_the_weighted_sum_is_the_loss(uninterrupted: Path) -> None:
    metrics = pq.read_table(uninterrupted / "result/metrics.parquet").to_pandas()
    assert metrics["step"].tolist() == list(range(NUM_STEPS))
    parts = metrics[[name for name in metrics.columns if name.startswith("loss_")]].sum(axis=1)
    np.testing.assert_allclose(parts, metrics["loss"], rtol=1e-6)


def test_held_out_rows_are_judged_for_every_objective(uninterrupted: Path) -> None:
    held_out = json.loads((uninterrupted / "result/held_out.json").read_text("utf-8"))
    assert set(held_out) == {"mlm", "mrfr", "moc", "ifrs", "titp", "tits", "itm_hs"}
    assert {entry["num_rows"] for entry in held_out.values()} == {8}
    assert set(held_out["ifrs"]["blind"]) == {"mean feature", "mean of the triplet", "unshuffled input"}


def test_a_finished_job_given_again_writes_the_same_without_training(
    tiny: TinySet, uninterrupted: Path, tmp_path: Path
) -> None:
    job = write_job(tmp_path, spec=tiny_stage(num_steps=NUM_STEPS), network=tiny_network(), inputs=tiny.inputs())
    shutil.copytree(uninterrupted / "checkpoints", tmp_path / "checkpoints")
    train.train(str(job), silent)
    assert json.loads((tmp_path / "record/run.json").read_text("utf-8"))["first_step"] == NUM_STEPS
    assert results(tmp_path) == results(uninterrupted)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a process that its parent died")
def test_it_ends_with_the_process_that_started_it(tiny: TinySet, tmp_path: Path) -> None:
    spec = tiny_stage(num_steps=1_000_000)
    job = write_job(tmp_path, spec=spec, network=tiny_network(), inputs=tiny.inputs(), every_s=0.0)
    starter = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'model.train', sys.argv[1]])"
    parent = subprocess.Popen([sys.executable, "-c", starter, str(job)], cwd=ROOT, stdout=subprocess.DEVNULL)
    wait_for_step(tmp_path / "checkpoints", 1)
    parent.kill()
    parent.wait()
    newest = -1
    while newest != (newest := max(int(path.stem[5:]) for path in (tmp_path / "checkpoints").glob("step-*"))):
        time.sleep(2.0)  # a step takes milliseconds: no new checkpoint in this time means that it has ended
    assert newest < 1_000_000


def test_the_next_stage_takes_the_weights_that_fit_and_lists_the_rest(
    tiny: TinySet, uninterrupted: Path, tmp_path: Path
) -> None:
    stage = tiny_stage(num_steps=1)
    stream = dataclasses.replace(stage.streams[0], objectives=(Objective(name="mlm"), Objective(name="mrfr")))
    spec = dataclasses.replace(stage, streams=(stream,))
    inputs = tiny.inputs(start=str(uninterrupted / "result"))
    job = write_job(tmp_path, spec=spec, network=tiny_network(region_feature_size=8), inputs=inputs)
    train.train(str(job), silent)
    origin = json.loads((tmp_path / "result/network.json").read_text("utf-8"))["start"]
    own = set(load_file(tmp_path / "result/weights.safetensors"))
    assert origin["new"] == []
    assert set(origin["loaded"]) == own
    assert {name.split(".")[1] for name in origin["dropped"]} == {"moc", "ifrs", "titp", "tits", "itm_hs"}


def test_a_first_stage_takes_what_fits_of_others_weights_and_lists_the_rest(
    tiny: TinySet, uninterrupted: Path, tmp_path: Path
) -> None:
    export_result(uninterrupted / "result", into=tmp_path / "lxmert")
    inputs = tiny.inputs(initial=str(tmp_path / "lxmert"))
    network = dataclasses.replace(tiny_network(), options={"init": "fan_in", "text_layers": 1})
    train.train(str(write_job(tmp_path, spec=tiny_stage(num_steps=1), network=network, inputs=inputs)), silent)
    origin = json.loads((tmp_path / "result/network.json").read_text("utf-8"))["start"]
    assert {".".join(name.split(".")[:2]) for name in origin["loaded"]} == {
        *("encoder.embeddings", "encoder.vision", "encoder.layers", "encoder.pooler", "heads.mlm", "heads.itm_hs")
    }
    assert origin["dropped"] == []
    assert {name.split(".")[1] for name in origin["new"]} == {"text_layers", "mrfr", "moc", "ifrs", "titp", "tits"}


def test_a_stage_in_the_released_readings_trains_and_is_judged(tiny: TinySet, tmp_path: Path) -> None:
    options: dict[str, dict[str, Any]] = {
        **{name: {"gated": True} for name in ("mrfr", "ifrs", "moc")},
        **{name: {"head": "bounded"} for name in ("titp", "tits")},
    }
    stage = tiny_stage(num_steps=3)
    objectives = [dataclasses.replace(each, options=options.get(each.name, {})) for each in stage.objectives()]
    stream = dataclasses.replace(stage.streams[0], objectives=tuple(objectives))
    released = {"visual_cls": True, "pooled": "product", "positions": "word"}
    job = write_job(
        tmp_path,
        spec=dataclasses.replace(stage, streams=(stream,)),
        network=tiny_network(options=released),
        inputs=tiny.inputs(),
    )
    train.train(str(job), silent)
    held_out = json.loads((tmp_path / "result/held_out.json").read_text("utf-8"))
    assert all(np.isfinite(entry["model"]) for entry in held_out.values())
    own = load_file(tmp_path / "result/weights.safetensors")
    assert own["encoder.visual_cls.weight"].shape == (1, 8)
    assert {"encoder.visual_pooler.weight", "heads.titp.decoder.norm.weight"} <= set(own)
    assert not any("joins" in name for name in own)


def test_weights_of_another_vocabulary_are_refused(tiny: TinySet, uninterrupted: Path, tmp_path: Path) -> None:
    other = tmp_path / "vocabulary"
    other.mkdir()
    (other / "vocab.txt").write_text((tiny.vocabulary / "vocab.txt").read_text("utf-8").replace("dog", "wolf"), "utf-8")
    inputs = {**tiny.inputs(start=str(uninterrupted / "result")), "vocabulary": str(other)}
    job = write_job(tmp_path / "job", spec=tiny_stage(num_steps=1), network=tiny_network(), inputs=inputs)
    with pytest.raises(UserError, match="trained with this vocabulary"):
        train.train(str(job), silent)


def test_a_loss_that_is_not_finite_stops_with_the_step_and_the_rows(tiny: TinySet, tmp_path: Path) -> None:
    stage = tiny_stage(num_steps=30)
    hot = dataclasses.replace(stage.budget.optimizer, learning_rate=1e30, clip_norm=None, warmup_rate=0.0)
    spec = dataclasses.replace(stage, budget=dataclasses.replace(stage.budget, optimizer=hot))
    job = write_job(tmp_path, spec=spec, network=tiny_network(), inputs=tiny.inputs())
    code, said, errors = finish(job)
    assert code == 2
    assert "Traceback" not in errors
    assert "coco:" in errors
    error = said[-1]["error"]
    assert error["expected"] == "a finite loss"
    assert "step" in error["where"]
    assert "coco:" in error["where"]
    assert "learning rate" in error["way_out"]
    assert not (tmp_path / "result").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"inputs": 3}', '{"inputs": {"corpora": 1}}'])
def test_a_file_that_is_no_job_gets_one_clear_message(content: str, tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    job.write_text(content, "utf-8")
    with pytest.raises(UserError, match="a job file"):
        train.train(str(job), silent)


def test_a_spec_with_an_unknown_field_gets_one_clear_message(tiny: TinySet, tmp_path: Path) -> None:
    job = write_job(tmp_path, spec=tiny_stage(), network=tiny_network(), inputs=tiny.inputs())
    plain = json.loads(job.read_text("utf-8"))
    plain["spec"]["budget"]["num_stepz"] = 3
    job.write_text(json.dumps(plain), "utf-8")
    with pytest.raises(UserError, match="num_stepz"):
        train.train(str(job), silent)


def test_a_text_longer_than_the_networks_positions_is_refused(tiny: TinySet, tmp_path: Path) -> None:
    job = write_job(tmp_path, spec=tiny_stage(), network=tiny_network(max_positions=11), inputs=tiny.inputs())
    with pytest.raises(UserError, match="at most 11 word pieces"):
        train.train(str(job), silent)


def test_a_corpus_without_validation_rows_is_refused_before_any_step(tiny: TinySet, tmp_path: Path) -> None:
    rows = pq.read_table(tiny.corpus / "corpus")
    training = rows.filter(pc.equal(rows["split"], "train")).cast(CORPUS)
    write_parquet(only_part(tmp_path, "corpus"), training, CORPUS)
    inputs = {**tiny.inputs(), "corpora": {"sentence": str(tmp_path)}}
    job = write_job(tmp_path, spec=tiny_stage(), network=tiny_network(), inputs=inputs)
    with pytest.raises(UserError, match="rows of the split 'validation'"):
        train.train(str(job), silent)
    assert not (tmp_path / "checkpoints").exists()
