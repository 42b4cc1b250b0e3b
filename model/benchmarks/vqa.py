"""VQA v2: a question about a photograph, answered as ten people did (https://arxiv.org/abs/1612.00837)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.answers import soft_targets
from data.writers import write_json
from model.benchmarks import Answered, AnswerRule, Benchmark, Scores
from model.metrics.vqa_accuracy import official_accuracy, soft_score
from model.specs import Form

_NUM_PEOPLE = 10  # who answer each question


def _measure(answered: Sequence[Answered]) -> Scores:
    """Without the official accuracy where some row does not have its ten answers: LXMERT's form keeps scores alone."""
    scores = {"soft score": soft_score(answered)}
    if all(len(row.published) == _NUM_PEOPLE for row in answered):
        scores["official accuracy"] = official_accuracy(answered)
    return {"questions": scores}


def _submit(answered: Sequence[Answered], folder: Path) -> None:
    """The server's format: one JSON list, question ids as numbers."""
    results = [{"question_id": int(row.row_id.removeprefix("vqa:")), "answer": row.answer} for row in answered]
    write_json(folder / "vqa_results.json", results)


def _server(test_dev: float, test_standard: float | None = None) -> dict[str, Scores]:
    rows = {"test-dev": test_dev, "test-std": test_standard}
    return {split: {"questions": {"official accuracy": score}} for split, score in rows.items() if score is not None}


# Table 2 of MSP; its minival figure is from the authors' README (github.com/lttsmn/LXMERT-S).
_TABLE = {
    "LXMERT-S, MSP": {**_server(71.1, 71.18), "minival": {"questions": {"soft score": 68.49}}},
    "LXMERT": _server(72.42, 72.54),
    "VL-BERT": _server(71.16),
    "VisualBERT": _server(70.8, 71.0),
    "ViLBERT": _server(70.55, 70.92),
    "Unified VLP": _server(70.5, 70.7),
}

BENCHMARK = Benchmark(
    title="VQA v2",
    about="Answer a question about an image. Ten people answered each; an answer that four or more of them gave is "
    "right, one that fewer gave is right in part.",
    address="https://visualqa.org/download.html",
    sources=(("vqa_questions", "vqa_annotations"), ("lxmert_vqa",)),
    content="questions",
    form=Form(name="answer", options={"loss": "soft_bce"}),
    measure=_measure,
    main=("questions", "soft score"),
    protocol="soft score of the best answer (LXMERT's, on its own splits); official accuracy with VQA's normalisation "
    "of strings, averaged over ten choose nine people (the server's)",
    answers=AnswerRule(targets=soft_targets, min_count=9, list_source="vqa_answers"),
    num_epochs=6,
    shows_stages=True,
    submission=_submit,
    published={f"{model} ({split})": scores for model, rows in _TABLE.items() for split, scores in rows.items()},
)
