"""Evaluation end to end: the files of docs/formats.md, the same on every run, and what it says of mistakes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from data.errors import ContractError, UserError
from data.progress import silent
from data.schema import PREDICTIONS
from model import evaluate, finetune, train
from model.specs import Evaluation, Sees
from tests.model.tiny import ANSWERS, TinySet, benchmark_row, write_benchmark, write_job
from tests.model.tiny_specs import tiny_evaluation, tiny_fine_tuning, tiny_network, tiny_stage

CASES = ("vqa", "nlvr2", "retrieval")
FILES = {
    "vqa": {"scores.json", "predictions.parquet", "epochs.json", "submission/vqa_results.json"},
    "nlvr2": {"scores.json", "predictions.parquet", "epochs.json", "submission/nlvr2_results.csv"},
    "retrieval": {"scores.json", "predictions.parquet", "epochs.json", "similarities.safetensors", "ids.json"},
}


@pytest.fixture(scope="module")
def trained(tiny: TinySet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of a stage, and of a fine-tuning on each benchmark, with a dropout of one half."""
    root, network = tmp_path_factory.mktemp("trained"), tiny_network(dropout_rate=0.5)
    train.train(
        str(write_job(root / "stage", spec=tiny_stage(num_steps=3), network=network, inputs=tiny.inputs())), silent
    )
    for name in CASES:
        inputs = tiny.benchmark_inputs(name, start=str(root / "stage/result"))
        job = write_job(root / name, spec=tiny_fine_tuning(name, num_epochs=1), network=network, inputs=inputs)
        finetune.finetune(str(job), silent)
    return root


def run(folder: Path, tiny: TinySet, weights: Path, spec: Evaluation, **inputs: Any) -> dict[str, Any]:
    given = {**tiny.benchmark_inputs(spec.benchmark, weights=str(weights)), **inputs}
    evaluate.evaluate(str(write_job(folder, spec=spec, network=tiny_network(), inputs=given)), silent)
    scores: dict[str, Any] = json.loads((folder / "result/scores.json").read_text("utf-8"))
    return scores


def files(folder: Path) -> dict[str, bytes]:
    result = folder / "result"
    return {str(path.relative_to(result)): path.read_bytes() for path in result.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", CASES)
def test_it_leaves_the_same_files_on_every_run_for_dropout_is_off(
    name: str, tiny: TinySet, trained: Path, tmp_path: Path
) -> None:
    for folder in ("once", "again"):
        run(tmp_path / folder, tiny, trained / name / "result", tiny_evaluation(name))
    assert set(files(tmp_path / "once")) == FILES[name]
    assert files(tmp_path / "once") == files(tmp_path / "again")
    assert pq.read_schema(tmp_path / "once/result/predictions.parquet").equals(PREDICTIONS)
    assert files(tmp_path / "once")["epochs.json"] == (trained / name / "result/epochs.json").read_bytes()


def test_answers_are_scored_beside_the_majority_and_the_withheld_image(
    tiny: TinySet, trained: Path, tmp_path: Path
) -> None:
    scores = run(tmp_path, tiny, trained / "vqa/result", tiny_evaluation("vqa"))
    assert scores["sizes"] == {"rows": 8, "images": 4, "possible answers": 4}
    assert (scores["split"], scores["sees"], scores["is_zero_shot"]) == ("test", "pair", False)
    assert scores["data"] == ["vqa_questions"]
    assert set(scores["baselines"]) == {"majority", "image withheld"}
    # Images 20 to 23 show a cat beside a dog, a cat, a ball and a racket. The training rows have each answer 8 times,
    # so that the first possible one, "ball", is the majority's: right once, of the cat beside the ball.
    assert scores["baselines"]["majority"]["questions"]["soft score"] == pytest.approx(100 / 8)
    assert sum(entry["num_rows"] for entry in scores["by_kind"].values()) == 8
    rows = pq.read_table(tmp_path / "result/predictions.parquet").to_pylist()
    assert [row["row_id"] for row in rows] == sorted(row["row_id"] for row in rows)
    credit = 100 * sum(row["credit"] for row in rows) / len(rows)
    assert credit == pytest.approx(scores["scores"]["questions"]["soft score"])
    assert all(len(row["answers"]) == len(row["probabilities"]) == 3 for row in rows)
    assert all((np.diff(row["probabilities"]) <= 0).all() for row in rows)


def test_rows_to_submit_are_answered_for_the_server_and_else_the_test_rows(
    tiny: TinySet, trained: Path, tmp_path: Path
) -> None:
    run(tmp_path / "vqa", tiny, trained / "vqa/result", tiny_evaluation("vqa"))
    submitted = json.loads((tmp_path / "vqa/result/submission/vqa_results.json").read_text("utf-8"))
    assert {entry["question_id"] for entry in submitted} == {209, 219, 229, 239}
    run(tmp_path / "nlvr2", tiny, trained / "nlvr2/result", tiny_evaluation("nlvr2"))
    lines = (tmp_path / "nlvr2/result/submission/nlvr2_results.csv").read_text("utf-8").splitlines()
    assert len(lines) == 8


def test_the_text_alone_scores_alike_with_any_image(tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    scores = run(tmp_path, tiny, trained / "vqa/result", tiny_evaluation("vqa", sees="text"))
    assert scores["sees"] == "text"
    assert scores["baselines"]["image withheld"] == scores["scores"]


@pytest.mark.parametrize("sees", ["pair", "text"])
def test_every_text_is_ranked_with_every_image(sees: Sees, tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    scores = run(tmp_path, tiny, trained / "retrieval/result", tiny_evaluation("retrieval", sees=sees))
    assert scores["sizes"] == {"rows": 8, "images": 4, "possible answers": 0}
    assert set(scores["baselines"]) == {"chance"}
    scores_TI = load_file(tmp_path / "result/similarities.safetensors")["scores_TI"]
    ids = json.loads((tmp_path / "result/ids.json").read_text("utf-8"))
    assert scores_TI.shape == (len(ids["texts"]), len(ids["images"])) == (8, 4)
    if sees == "text":
        assert scores["scores"]["image_retrieval"]["R@1"] == 0.0  # all images tie, and ties count against the model
    rows = pq.read_table(tmp_path / "result/predictions.parquet").to_pylist()
    assert [row["row_id"] for row in rows] == ids["images"]
    for image, row in enumerate(rows):
        best = np.argsort(-scores_TI[:, image], kind="stable")[:3]
        np.testing.assert_allclose(row["probabilities"], 1 / (1 + np.exp(-scores_TI[best, image])), rtol=1e-5)
        assert row["credit"] == float(best[0] // 2 == image)  # two captions an image, in the order of images
        assert len(row["truth"]) == 2


def test_zero_shot_retrieval_takes_the_stages_own_head(tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    spec = tiny_evaluation("zero_shot_retrieval", is_zero_shot=True)
    scores = run(tmp_path, tiny, trained / "stage/result", spec)
    assert scores["is_zero_shot"] is True
    assert set(files(tmp_path)) == FILES["retrieval"] - {"epochs.json"}


def test_weights_without_the_head_are_refused(tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"heads\.answer") as error:
        run(tmp_path / "a", tiny, trained / "stage/result", tiny_evaluation("vqa"))
    assert "fine-tune" in error.value.way_out
    with pytest.raises(UserError, match=r"heads\.itm_hs") as error:
        run(tmp_path / "b", tiny, trained / "vqa/result", tiny_evaluation("zero_shot_retrieval"))
    assert "learns itm_hs" in error.value.way_out


def test_other_possible_answers_than_those_learnt_are_refused(tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(tiny.vqa, corpus)
    (corpus / "answers.json").write_text(json.dumps(ANSWERS[::-1]), "utf-8")
    with pytest.raises(UserError, match="the possible answers that the network was fine-tuned on"):
        run(tmp_path, tiny, trained / "vqa/result", tiny_evaluation("vqa"), corpora={"benchmark": str(corpus)})


def test_weights_of_another_vocabulary_are_refused(tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text((tiny.vocabulary / "vocab.txt").read_text("utf-8").replace("dog", "wolf"))
    with pytest.raises(UserError, match="trained with this vocabulary"):
        run(tmp_path, tiny, trained / "vqa/result", tiny_evaluation("vqa"), vocabulary=str(tmp_path))


def test_no_test_rows_are_named(tiny: TinySet, trained: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    write_benchmark(corpus, [benchmark_row("vqa:1", (0,))], ANSWERS)
    with pytest.raises(ContractError, match="rows of the split 'test'"):
        run(tmp_path, tiny, trained / "vqa/result", tiny_evaluation("vqa"), corpora={"benchmark": str(corpus)})
