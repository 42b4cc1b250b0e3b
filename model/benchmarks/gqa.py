"""GQA: a compositional question with one right answer, about a photograph (https://arxiv.org/abs/1902.09506)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.answers import exact_target
from data.writers import write_json
from model.benchmarks import Answered, AnswerRule, Benchmark, Scores
from model.metrics.accuracy import accuracy
from model.specs import Form


def _measure(answered: Sequence[Answered]) -> Scores:
    return {"questions": {"accuracy": accuracy(answered)}}


def _submit(answered: Sequence[Answered], folder: Path) -> None:
    """The server's format: one JSON list, question ids as text."""
    results = [{"questionId": row.row_id.removeprefix("gqa:"), "prediction": row.answer} for row in answered]
    write_json(folder / "gqa_results.json", results)


# Table 2 of MSP; LXMERT's own table says 60.00 for test-dev.
_TABLE = {
    "LXMERT-S, MSP": {"test-dev": 58.7, "test-std": 59.12},
    "LXMERT": {"test-dev": 59.8, "test-std": 60.33},
}

BENCHMARK = Benchmark(
    title="GQA",
    about="Answer a question that was made from the scene graph of an image: it takes several steps, and one answer is "
    "right.",
    address="https://cs.stanford.edu/people/dorarad/gqa/download.html",
    sources=(
        ("gqa_questions", "gqa_test_questions"),
        ("gqa_questions",),
        ("lxmert_gqa", "lxmert_gqa_test"),
        ("lxmert_gqa",),
    ),
    content="questions",
    form=Form(name="answer", options={"loss": "soft_bce"}),
    measure=_measure,
    main=("questions", "accuracy"),
    protocol="share of questions whose best answer is the published one, letter for letter",
    answers=AnswerRule(targets=exact_target, list_source="gqa_answers"),
    num_epochs=5,
    submission=_submit,
    published={
        f"{model} ({split})": {"questions": {"accuracy": score}}
        for model, rows in _TABLE.items()
        for split, score in rows.items()
    },
)
