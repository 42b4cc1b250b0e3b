"""NLVR2: whether a sentence is true of a pair of photographs (https://arxiv.org/abs/1811.00491)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data.answers import exact_target
from model.benchmarks import Answered, AnswerRule, Benchmark, Scores
from model.metrics.accuracy import accuracy
from model.metrics.consistency import consistency
from model.specs import Form


def _measure(answered: Sequence[Answered]) -> Scores:
    return {"statements": {"accuracy": accuracy(answered), "consistency": consistency(answered)}}


def _submit(answered: Sequence[Answered], folder: Path) -> None:
    """The format of the authors' scorer: `identifier,True` a line, no header."""
    lines = (f"{row.row_id.removeprefix('nlvr2:')},{row.answer}\n" for row in answered)
    (folder / "nlvr2_results.csv").write_text("".join(lines), "utf-8", newline="\n")


# Table 2 of MSP; LXMERT's own table says 74.95 and 74.45.
_TABLE = {
    "LXMERT-S, MSP": {"dev": 74.03, "test-P": 74.72},
    "LXMERT": {"dev": 74.9, "test-P": 74.5},
    "VisualBERT": {"dev": 67.4, "test-P": 67.0},
}

BENCHMARK = Benchmark(
    title="NLVR2",
    about="Say whether a sentence is true of two images. Each sentence comes with up to four pairs, true of some and "
    "false of others.",
    address="https://github.com/lil-lab/nlvr/tree/master/nlvr2",
    sources=(("nlvr2",), ("lxmert_nlvr2",)),
    content="questions",
    form=Form(name="answer", options={"loss": "cross_entropy"}),
    measure=_measure,
    main=("statements", "accuracy"),
    protocol="share of statements judged right; consistency: share of sentences judged right for all of their pairs",
    answers=AnswerRule(targets=exact_target),
    num_epochs=8,
    num_images=2,
    submission=_submit,
    published={
        f"{model} ({split})": {"statements": {"accuracy": score}}
        for model, rows in _TABLE.items()
        for split, score in rows.items()
    },
)
