from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from data.answers import soft_targets
from model.metrics.vqa_accuracy import official_accuracy, official_credit, soft_score
from tests.model.metrics import published_vqa
from tests.model.metrics.rows import answered

SharedData = Callable[[str], Path]


def test_the_soft_score_is_the_mean_target_of_the_answers() -> None:
    targets = {"red": 1.0, "blue": 0.3}
    rows = [answered(answer, targets=targets) for answer in ("red", "blue", "green", "Red")]
    assert soft_score(rows) == pytest.approx(100 * (1.0 + 0.3) / 4)


@pytest.mark.parametrize(
    ("count", "credit"),
    # One of ten: nine ways to leave another out, with 1 of 3 each. Two: eight ways with 2 of 3, two with 1 of 3.
    [(0, 0.0), (1, 9 / 30), (2, (8 * 2 + 2 * 1) / 30), (3, (7 * 3 + 3 * 2) / 30), (4, 1.0), (10, 1.0)],
)
def test_official_credit_by_hand(count: int, credit: float) -> None:
    people = ["red"] * count + [f"other {number}" for number in range(10 - count)]
    assert official_credit("red", people) == pytest.approx(credit)


def test_strings_are_normalised_where_people_differ_and_only_there() -> None:
    people = ["2", "two", "Two dogs", "three", *["none"] * 6]
    assert official_credit("The two.", people) == pytest.approx(0.6)  # "2" and "two"
    assert official_credit("0", people) == 1.0
    assert official_credit("2", ["two"] * 10) == 0.0  # published so
    assert official_credit("two", ["two"] * 10) == 1.0
    assert official_credit(" two\n", ["two"] * 10) == 1.0


def test_official_accuracy_is_the_mean_credit() -> None:
    rows = [answered("red", *["red"] * 10), answered("red", "red", *["blue"] * 9)]
    assert official_accuracy(rows) == pytest.approx(100 * 1.3 / 2)


_WRITTEN: tuple[Callable[[Counter[str]], str], ...] = (
    lambda people: people.most_common()[0][0],  # right
    lambda people: people.most_common()[-1][0],  # half right
    lambda people: "zebra crossing",  # wrong
    lambda people: f" The {people.most_common()[0][0].title()}.\n",
    lambda people: f"{people.most_common()[-1][0]}!",
    lambda people: ("Two.", "a dog", "NONE", "chain-link", "dont")[len(people) % 5],
)


def test_official_scores_of_1000_real_questions_are_those_of_the_published_steps(shared_data: SharedData) -> None:
    content = json.loads(shared_data("vqa/sample60k_valid_annotations.json").read_text("utf-8"))
    questions = sorted(content["annotations"], key=lambda row: row["question_id"])[:1000]
    rows, expected = [], []
    for number, question in enumerate(questions):
        people = [one["answer"] for one in question["answers"]]
        answer = _WRITTEN[number % len(_WRITTEN)](Counter(people))
        rows.append(answered(answer, *people, targets=soft_targets(people)))
        expected.append(published_vqa.accuracy(answer, people))
        assert official_credit(answer, people) == pytest.approx(expected[-1], abs=1e-12)
    assert len(rows) == 1000
    assert official_accuracy(rows) == pytest.approx(100 * sum(expected) / 1000, abs=1e-9)
    assert 0 < soft_score(rows) < official_accuracy(rows) < 100  # unnormalised answers count in one of them only
    assert {0.0, 1.0} < {round(score, 1) for score in expected}
