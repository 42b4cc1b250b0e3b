from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.lemmas import lemma, spellings


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        *(("dogs", "dog"), ("horses", "horse"), ("shoes", "shoe"), ("boxes", "box"), ("benches", "bench")),
        *(("dresses", "dress"), ("cherries", "cherry"), ("ties", "tie"), ("cookies", "cookie"), ("knives", "knife")),
        *(("shelves", "shelf"), ("men", "man"), ("women", "woman"), ("firemen", "fireman"), ("people", "person")),
        *(("tomatoes", "tomato"), ("buses", "bus"), ("lenses", "lens")),
    ],
)
def test_a_plural_and_its_singular_are_one_word(plural: str, singular: str) -> None:
    assert lemma(plural) == lemma(singular) == singular


@pytest.mark.parametrize("word", ["bus", "gas", "glass", "cactus", "tennis", "news", "building", "man", "person"])
def test_a_word_that_is_no_plural_is_its_own_lemma(word: str) -> None:
    assert lemma(word) == word


def test_a_words_spellings_are_all_that_have_its_lemma() -> None:
    assert spellings("dog") == spellings("dogs") == ("dog", "dogs")
    assert spellings("man") == ("man", "mans", "men")
    assert spellings("glasses") == ("glass", "glasses")  # "glasss" is no plural
    assert spellings("cherries") == ("cherries", "cherry", "cherrys")


@given(word=st.text("abefhimnopsuvxy", min_size=1, max_size=7))
def test_every_word_is_a_spelling_of_its_own_lemma(word: str) -> None:
    assert word in spellings(word)
    assert {lemma(other) for other in spellings(word)} == {lemma(word)}
