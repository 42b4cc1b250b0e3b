from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.answers import exact_target, normalise, possible_answers, soft_targets
from tests.model.metrics import published_vqa

SharedData = Callable[[str], Path]


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("Two dogs.", "2 dogs"),
        ("The  cat\nand a\tdog", "cat and dog"),
        ("none", "0"),
        ("no one", "no 1"),
        ("a", ""),
        ("???", ""),
        ("chain-link", "chain link"),  # nothing but letters around the mark: it becomes a space
        ("chain- link", "chain link"),  # a space beside it: it goes
        ("top-left -", "topleft"),  # judged for all of its places at once
        ("1,000", "1000"),
        ("1,000/day", "1000day"),  # a number's comma takes every mark with it
        ("red, white and blue", "red white and blue"),
        ("5.30", "5.30"),
        ("5 p.m.", "5 pm"),
        ("3.", "3"),
        ("it's 9:15", "it's 9:15"),  # apostrophes and colons stay
        ("dont", "don't"),
        ("couldnt've", "couldn't've"),
        ("couldntve", "couldntve"),  # two apostrophes short is not in the table
        ("somebody'd", "somebodyd"),  # the wrong way round, as published
        ("Im", "im"),  # its key is in capitals, the word no longer
        ("." * 34 + "x", "..x"),  # the first 32 periods
    ],
)
def test_answers_are_compared_as_vqas_evaluation_does(written: str, compared: str) -> None:
    assert normalise(written) == compared


@given(st.text(alphabet="abt12 .,'-?!;:/()AIoneth\n\t", max_size=60))
def test_normalising_agrees_with_the_published_steps_on_any_text(text: str) -> None:
    steps = published_vqa.without_marks(published_vqa.on_one_line(text))
    assert normalise(text) == published_vqa.with_digits_without_articles(steps)


@pytest.mark.parametrize("word", sorted(published_vqa.CONTRACTIONS))
def test_every_published_contraction_is_mended(word: str) -> None:
    in_capitals = word != word.lower()
    assert normalise(word) == (word.lower() if in_capitals else published_vqa.CONTRACTIONS[word])


def test_four_people_make_an_answer_right_and_fewer_in_part() -> None:
    found = soft_targets(["red"] * 4 + ["blue"] * 3 + ["dark red"] * 2 + ["Red"])
    assert found == {"red": 1.0, "blue": 0.9, "dark red": 0.6, "Red": 0.3}
    assert soft_targets(["yes"] * 10) == {"yes": 1.0}
    assert soft_targets(["", "no", ""]) == {"": 0.6, "no": 0.3}


def test_an_exact_target_is_the_published_answer() -> None:
    assert exact_target(["couch"]) == {"couch": 1.0}
    assert exact_target([]) == {}


def test_possible_answers_are_the_best_of_enough_rows_by_frequency_then_text() -> None:
    rows = [{"b": 1.0, "c": 0.3}, {"a": 1.0}, {"b": 1.0, "a": 1.0}, {"d": 0.6, "c": 0.3}, {"c": 0.3}, {}]
    assert possible_answers(rows, 1) == ("a", "b", "c", "d")  # 2, 2, 1 and 1 times best
    assert possible_answers(rows, 2) == ("a", "b")
    assert possible_answers(rows, 3) == ()


def test_a_label_of_lxmert_as_its_authors_show_it() -> None:
    # Question 131089000 of its published minival.json, beside VQA's ten answers: github.com/airsplay/lxmert issue 87.
    # "black white" is a possible answer and "black, white" is not: the strings were counted as they are.
    people = ["gray", "green", "green", "black, white", "green", "gray", "green", "brown", "gray", "green"]
    targets = soft_targets(people)
    possible = {"gray", "green", "brown", "black white"}
    assert {answer: targets[answer] for answer in targets if answer in possible} == {
        "brown": 0.3,
        "gray": 0.9,
        "green": 1,
    }


def _real_answers(shared_data: SharedData) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name in ("sample60k_train", "sample60k_valid", "smallval"):
        content = json.loads(shared_data(f"vqa/{name}_annotations.json").read_text("utf-8"))
        found |= {row["question_id"]: [one["answer"] for one in row["answers"]] for row in content["annotations"]}
    return found


def test_real_soft_targets_are_lxmerts_for_all_of_its_possible_answers(shared_data: SharedData) -> None:
    """57,627 real questions, ten answers each, against the published rule for LXMERT's 3,129 answers."""
    possible = json.loads(shared_data("lxmert_answers/vqa/trainval_label2ans.json").read_text("utf-8"))
    known = set(possible)
    assert len(possible) == len(known) == 3129
    real = _real_answers(shared_data)
    assert len(real) == 57_627
    met = set()
    for question, people in real.items():
        ours = {answer: score for answer, score in soft_targets(people).items() if answer in known}
        assert ours == published_vqa.labels(people, known), question
        met |= set(ours)
    assert len(met) == 3010  # answers of real people
    for answer in known - met:  # the other 119 stand in no answer to these questions
        for count in range(1, 11):
            people = [answer] * count + ["something else"] * (10 - count)
            assert {answer: soft_targets(people)[answer]} == published_vqa.labels(people, known)


def test_every_possible_answer_of_lxmert_is_written_as_the_evaluation_compares_it(shared_data: SharedData) -> None:
    possible = json.loads(shared_data("lxmert_answers/vqa/trainval_label2ans.json").read_text("utf-8"))
    assert [answer for answer in possible if normalise(answer) != answer] == []
