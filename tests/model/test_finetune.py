"""Fine-tuning: the best epoch, exact resumption, what it takes from the stage before, and what it says of mistakes."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from data.errors import ContractError, UserError
from data.progress import silent
from model import exams, finetune, respondent, train
from model.facts import Facts
from model.learner import read
from model.respondent import Respondent
from model.specs import FineTuning, Form
from tests.model.tiny import ANSWERS, TinySet, benchmark_row, write_benchmark, write_job
from tests.model.tiny_specs import tiny_fine_tuning, tiny_network, tiny_stage

ROOT = Path(__file__).parents[2]
PER_EPOCH = 7  # 32 training rows in batches of 5
NUM_EPOCHS = 6
RESULTS = ("weights.safetensors", "network.json", "metrics.parquet", "epochs.json", "vocab.txt", "answers.json")


@pytest.fixture(scope="module")
def stage(tiny: TinySet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stage")
    job = write_job(folder, spec=tiny_stage(num_steps=30), network=tiny_network(), inputs=tiny.inputs())
    train.train(str(job), silent)
    return folder / "result"


def write(folder: Path, tiny: TinySet, stage: Path, spec: FineTuning, *, every_s: float = 1000.0) -> Path:
    inputs = tiny.benchmark_inputs(spec.benchmark, start=str(stage))
    return write_job(folder, spec=spec, network=tiny_network(), inputs=inputs, every_s=every_s)


def results(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "result" / name).read_bytes() for name in RESULTS}


def epochs(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "result/epochs.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def uninterrupted(tiny: TinySet, stage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    finetune.finetune(str(write(folder, tiny, stage, six_epochs())), silent)
    return folder


def six_epochs() -> FineTuning:
    """With a seed by which the best epoch is not the last."""
    spec = tiny_fine_tuning(num_epochs=NUM_EPOCHS)
    return dataclasses.replace(spec, budget=dataclasses.replace(spec.budget, seed=1))


class KilledError(Exception):
    """Stands in for a kill right after a checkpoint."""


def run_until(job: Path, step: int) -> None:
    def kill(share: float, message: str) -> None:
        if message.startswith(f"step {step} of"):
            raise KilledError

    with pytest.raises(KilledError):
        finetune.finetune(str(job), kill)


def test_interrupted_after_the_best_epoch_it_ends_with_the_same_bytes(
    tiny: TinySet, stage: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    best = epochs(uninterrupted)["best"]
    assert best < NUM_EPOCHS, "no epoch is left to be interrupted after the best one"
    middle = best * PER_EPOCH + 3
    job = write(tmp_path, tiny, stage, six_epochs(), every_s=0.0)
    for step in (2, best * PER_EPOCH, middle, NUM_EPOCHS * PER_EPOCH):
        run_until(job, step)
        assert not (tmp_path / "result").exists()
    finetune.finetune(str(job), silent)
    assert json.loads((tmp_path / "record/run.json").read_text("utf-8"))["first_step"] == NUM_EPOCHS * PER_EPOCH
    assert results(tmp_path) == results(uninterrupted)


def test_killed_in_its_own_process_it_ends_with_the_same_bytes(
    tiny: TinySet, stage: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    job = write(tmp_path, tiny, stage, six_epochs(), every_s=0.0)
    command = [sys.executable, "-m", "model.finetune", str(job)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not any(int(path.stem[5:]) >= 10 for path in (tmp_path / "checkpoints").glob("step-*.checkpoint")):
        assert time.monotonic() < until, "no checkpoint came"
        time.sleep(0.002)
    process.kill()
    process.wait()
    assert not (tmp_path / "result").exists()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1])["progress"] == 1.0
    assert results(tmp_path) == results(uninterrupted)


def test_the_weights_are_those_of_the_best_epoch(
    tiny: TinySet, tiny_facts: Facts, stage: Path, uninterrupted: Path
) -> None:
    found = epochs(uninterrupted)
    assert found["metric"] == ["questions", "soft score"]
    assert [(entry["epoch"], entry["step"]) for entry in found["epochs"]] == [
        (epoch, epoch * PER_EPOCH) for epoch in range(1, NUM_EPOCHS + 1)
    ]
    values = [entry["validation"] for entry in found["epochs"]]
    assert found["best"] == values.index(max(values)) + 1
    exam = exams.read("vqa", tiny.vqa, facts=tiny_facts, max_length=12, sees="pair")
    pupil = Respondent(tiny_network(), Form(name="answer"), exam, trained={}, seed=0)
    weights, description = read(uninterrupted / "result", same_words={})
    respondent.load(pupil, weights, where=uninterrupted)
    pupil.eval()
    validation = exam.questions("validation")
    ask = pupil.heads.asks(exam, validation, seed=0)
    passes = pupil.heads.passes(pupil.encoder, ask, num_rows=validation.num_rows)
    assert pupil.heads.judge(passes, exam, validation) == pytest.approx(max(values))
    assert description["fine_tuning"]["benchmark"] == "vqa"
    assert description["heads"] == []


def test_every_step_has_its_metrics_and_the_answers_are_kept(uninterrupted: Path) -> None:
    metrics = pq.read_table(uninterrupted / "result/metrics.parquet").to_pandas()
    assert metrics["step"].tolist() == list(range(NUM_EPOCHS * PER_EPOCH))
    np.testing.assert_array_equal(metrics["loss"], metrics["loss_answer"])
    assert json.loads((uninterrupted / "result/answers.json").read_text("utf-8")) == list(ANSWERS)


def test_the_encoder_comes_from_the_stage_and_the_answers_head_is_new(uninterrupted: Path, stage: Path) -> None:
    origin = json.loads((uninterrupted / "result/network.json").read_text("utf-8"))["start"]
    own, before = (
        set(load_file(uninterrupted / "result/weights.safetensors")),
        set(load_file(stage / "weights.safetensors")),
    )
    assert {name.split(".")[1] for name in origin["new"]} == {"answer"}
    assert set(origin["loaded"]) == own & before == {name for name in before if name.startswith("encoder.")}


def test_retrieval_takes_the_matching_head_along_and_is_chosen_by_its_options(
    tiny: TinySet, stage: Path, tmp_path: Path
) -> None:
    finetune.finetune(str(write(tmp_path, tiny, stage, tiny_fine_tuning("retrieval", num_epochs=2))), silent)
    description = json.loads((tmp_path / "result/network.json").read_text("utf-8"))
    assert description["start"]["new"] == []
    assert "heads.itm_hs.linear.weight" in description["start"]["loaded"]
    assert [head["name"] for head in description["heads"]] == ["itm_hs"]
    assert epochs(tmp_path)["metric"] == ["options", "own pair first"]


def test_what_can_be_learnt_is_learnt_and_from_the_text_alone_is_not(
    tiny: TinySet, stage: Path, tmp_path: Path
) -> None:
    best = {}
    for sees in ("pair", "text"):
        spec = tiny_fine_tuning(num_epochs=20, sees=sees)
        finetune.finetune(str(write(tmp_path / sees, tiny, stage, spec)), silent)
        best[sees] = max(entry["validation"] for entry in epochs(tmp_path / sees)["epochs"])
    # Validation shows ball beside dog, ball beside cat, ball beside ball and ball beside racket.
    assert best["pair"] >= 75.0
    assert best["text"] < best["pair"]


def test_without_a_stage_it_starts_from_scratch(tiny: TinySet, tmp_path: Path) -> None:
    job = write_job(
        tmp_path, spec=tiny_fine_tuning(num_epochs=1), network=tiny_network(), inputs=tiny.benchmark_inputs("vqa")
    )
    finetune.finetune(str(job), silent)
    assert json.loads((tmp_path / "result/network.json").read_text("utf-8"))["start"]["loaded"] == []


def test_a_number_of_steps_is_no_budget(tiny: TinySet, stage: Path, tmp_path: Path) -> None:
    spec = tiny_fine_tuning()
    budget = dataclasses.replace(spec.budget, num_epochs=None, num_steps=7)
    with pytest.raises(UserError, match="number of epochs"):
        finetune.finetune(str(write(tmp_path, tiny, stage, dataclasses.replace(spec, budget=budget))), silent)


def test_a_benchmark_that_is_no_file_gets_the_nearest_name(tiny: TinySet, stage: Path, tmp_path: Path) -> None:
    job = write(tmp_path, tiny, stage, tiny_fine_tuning())
    plain = json.loads(job.read_text("utf-8"))
    plain["spec"]["benchmark"] = "vqq"
    job.write_text(json.dumps(plain), "utf-8")
    with pytest.raises(UserError, match="did you mean 'vqa'"):
        finetune.finetune(str(job), silent)


def test_weights_of_another_network_are_refused(tiny: TinySet, stage: Path, tmp_path: Path) -> None:
    inputs = tiny.benchmark_inputs("vqa", start=str(stage))
    job = write_job(tmp_path, spec=tiny_fine_tuning(), network=tiny_network(num_layers=3), inputs=inputs)
    with pytest.raises(UserError, match="weights of the network that is fine-tuned"):
        finetune.finetune(str(job), silent)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_an_empty_split_is_named(split: str, tiny: TinySet, stage: Path, tmp_path: Path) -> None:
    rows = [
        benchmark_row(f"vqa:{image}", (image,), target_ids=[0], target_scores=[1.0])
        for image in range(24)
        if not (split == "train" and image < 16) and not (split == "validation" and 16 <= image < 20)
    ]
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    write_benchmark(corpus, rows, ANSWERS)
    inputs = {**tiny.benchmark_inputs("vqa", start=str(stage)), "corpora": {"benchmark": str(corpus)}}
    job = write_job(tmp_path, spec=tiny_fine_tuning(), network=tiny_network(), inputs=inputs)
    with pytest.raises(ContractError, match=f"rows of the split '{split}'"):
        finetune.finetune(str(job), silent)


def test_a_text_longer_than_the_networks_positions_is_refused(tiny: TinySet, stage: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at most 16 word pieces"):
        finetune.finetune(str(write(tmp_path, tiny, stage, tiny_fine_tuning(max_length=17))), silent)


def test_a_loss_that_is_not_finite_stops_with_the_rows(
    tiny: TinySet, stage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tiny_fine_tuning(num_epochs=20)
    hot = dataclasses.replace(spec.budget.optimizer, learning_rate=1e30, clip_norm=None, warmup_rate=0.0)
    spec = dataclasses.replace(spec, budget=dataclasses.replace(spec.budget, optimizer=hot))
    with pytest.raises(UserError, match="a finite loss") as error:
        finetune.finetune(str(write(tmp_path, tiny, stage, spec)), silent)
    assert "fine-tuning on vqa" in error.value.where
    assert "vqa:" in error.value.where
    assert "vqa:" in capsys.readouterr().err
