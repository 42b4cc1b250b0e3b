"""Which texts say left or right."""

from __future__ import annotations

import pytest

from data.sides import name_a_side


@pytest.mark.parametrize(
    "text",
    [
        "a dog to the left of a cat",
        "Left: a dog.",
        "THE RIGHT HAND",
        "the leftmost chair",
        "a right-hand turn",
        "a left-handed batter",
        "lefthanded",
        "the right side",
        "she leans leftwards",
        "the upper-right corner",
        "the man's left",
        "on the left.",
        "right",
        "the left_most",
        "a plate left on a table",  # by words alone
    ],
)
def test_a_text_with_left_or_right_in_any_form_names_a_side(text: str) -> None:
    assert name_a_side([text]).tolist() == [True]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a bright room",
        "a righteous man",
        "an upright piano",
        "leftovers on a plate",
        "a cleft rock",
        "a copyright sign",
        "he is frightened",
        "a rightful owner",
        "a dog beside a cat",
    ],
)
def test_words_that_only_contain_these_letters_do_not(text: str) -> None:
    assert name_a_side([text]).tolist() == [False]


def test_there_is_an_answer_for_each_text() -> None:
    assert name_a_side(["on the left", "a cat", "rightmost"]).tolist() == [True, False, True]
    assert name_a_side([]).tolist() == []
