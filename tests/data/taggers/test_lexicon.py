"""The words that can be verbs, worked out on a treebank of a few sentences."""

from __future__ import annotations

import pyarrow as pa
import pytest

from data.taggers import lexicon
from data.taggers.lexicon import ALWAYS, MAYBE, NEVER, Lexicon
from data.taggers.treebank import Sentence


def _sentence(*words: tuple[str, str, str]) -> Sentence:
    forms, tags, lemmas = zip(*words, strict=True)
    return Sentence(words=forms, tags=tags, lemmas=lemmas)


def _learnt() -> Lexicon:
    ate = _sentence(("Dogs", "NOUN", "dog"), ("ate", "VERB", "eat"))
    parked = _sentence(("cars", "NOUN", "car"), ("parked", "VERB", "park"))
    park = _sentence(("the", "DET", "the"), ("park", "NOUN", "park"), ("building", "NOUN", "building"))
    is_red = _sentence(("it", "PRON", "it"), ("'s", "AUX", "be"), ("red", "ADJ", "red"))
    slip = _sentence(("could", "AUX", "could"), ("of", "AUX", "have"))
    of = _sentence(*[("of", "ADP", "of")] * 200)
    return lexicon.learn([ate, ate, ate, parked, park, is_red, slip, of])


@pytest.mark.parametrize(
    ("chunk", "known"),
    [
        ("ate", ALWAYS),  # three times, and never anything else
        ("ATE,", ALWAYS),
        ("parked", MAYBE),  # once
        ("park", MAYBE),  # a noun there, but the lemma of a verb
        ("parks", MAYBE),  # never seen, and a form of that verb
        ("eating", MAYBE),
        ("'s", MAYBE),
        ("dog's", MAYBE),
        ("dog\u2019s", MAYBE),
        ("building", NEVER),  # ends as a verb may, and is known to be none
        ("painting", MAYBE),  # ends as a verb may, and is not known
        ("red", NEVER),
        ("of", NEVER),  # once in 201 times a verb: a slip
        ("giraffe", NEVER),  # not known, and no ending of a verb
        ("2", NEVER),
        ("--", NEVER),
        ("", NEVER),
        ("dog-parking", MAYBE),
    ],
)
def test_a_word_is_judged_by_what_the_treebank_shows(chunk: str, known: int) -> None:
    assert _learnt().of_chunk(chunk) == known


def test_one_word_that_is_always_a_verb_decides_and_one_that_may_be_leaves_it_open() -> None:
    texts = pa.array(["red dogs of cars", "dogs ate the parks", "the park", "", "cars"])
    assert _learnt().of_texts(texts).tolist() == [NEVER, ALWAYS, MAYBE, NEVER, NEVER]
    assert _learnt().of_texts(texts.slice(1, 2)).tolist() == [ALWAYS, MAYBE]
    assert _learnt().of_texts(texts.slice(0, 0)).tolist() == []


@pytest.mark.parametrize(
    ("lemma", "forms"),
    [
        ("park", {"parks", "parkes", "parked", "parking"}),
        ("ride", {"rides", "rided", "riding", "rideing"}),
        ("carry", {"carries", "carried", "carrying"}),
        ("play", {"plays", "playes", "played", "playing", "playyed", "playying"}),
        ("sit", {"sits", "sites", "sited", "siting", "sitted", "sitting"}),
    ],
)
def test_the_regular_forms_of_a_verb_are_among_those_that_are_made(lemma: str, forms: set[str]) -> None:
    assert set(lexicon.inflections(lemma)) == forms
