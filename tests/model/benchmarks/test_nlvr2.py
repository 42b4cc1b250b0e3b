"""NLVR2 as published: a constant answer scores what the real files hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data.rejects import RejectLog
from data.sources import read
from model.benchmarks import Answered
from model.benchmarks.nlvr2 import BENCHMARK


@pytest.mark.parametrize(
    ("name", "num_true", "num_rows", "printed"),
    [("dev", 3551, 6982, "50.86"), ("test1", 3558, 6967, "51.07")],
)
def test_a_constant_predictor_scores_exactly_the_majority_class(
    name: str, num_true: int, num_rows: int, printed: str, shared_data: Callable[[str], Path]
) -> None:
    log = RejectLog()
    questions = list(read({"nlvr2": (shared_data(f"nlvr2/{name}.json"),)}, "questions", log.add))
    assert not log.counts
    scores = {}
    for answer in ("True", "False"):
        rows = [
            Answered(
                row_id=question.question_id,
                kind=question.kind,
                set_id=question.set_id,
                published=question.answers,
                targets={question.answers[0]: 1.0},
                answer=answer,
            )
            for question in questions
        ]
        assert len(rows) == num_rows
        scores[answer] = BENCHMARK.measure(rows)["statements"]["accuracy"]
    assert scores["True"] == 100 * num_true / num_rows
    assert f"{scores['True']:.2f}" == printed
    assert sum(scores.values()) == pytest.approx(100)
