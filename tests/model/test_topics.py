"""Pieces of the tiny vocabulary: dog 5, cat 6, ball 7, rac 8, ##ket 9, red 10, blue 11, a 12, and 13."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from data.vocabulary import SPECIALS
from model.facts import Facts
from model.feed import Feed
from model.lemmas import lemma
from model.topic_prediction import TopicPrediction
from model.topics import TopicRule, TopicWords, words_in
from tests.model.tiny import OBJECTS, PIECES, TOKENS, TinySet
from tests.model.tiny_specs import tiny_network, tiny_stage

# Beside the special entries 0-4: t - shirt dog dogs ##s red wine glass ##es
WORN = (*SPECIALS, "t", "-", "shirt", "dog", "dogs", "##s", "red", "wine", "glass", "##es")
T, HYPHEN, SHIRT, DOG, DOGS, S, RED, WINE, GLASS, ES = range(5, 15)
SPELLED = {"dog": [DOG], "dogs": [DOGS], "red": [RED], "wine": [WINE], "glass": [GLASS], "glasses": [GLASS, ES]}


def marked(shown: list[str], text: list[int], **rule: str) -> list[int]:
    """Where a text of `WORN` has topics, with all of the labels shown."""
    words = TopicWords.of(WORN, shown, TopicRule(**rule))
    return words.mark(torch.tensor([text]), torch.tensor([[*range(len(shown)), -1]])).int()[0].tolist()


def test_whole_words_count_and_not_pieces() -> None:
    # The image shows a "red racket" and a dog. "rac" alone and "dog ##ket" are other words; unknown ids are no label.
    text_BL = torch.tensor([[2, 10, 8, 9, 8, 5, 5, 9, 6, 3]])
    marked_BL = TopicWords.of(TOKENS, OBJECTS, TopicRule()).mark(text_BL, torch.tensor([[3, 0, -1]]))
    assert marked_BL.int().tolist() == [[0, 1, 1, 1, 0, 1, 0, 0, 0, 0]]


def test_single_pieces_count_where_pieces_are_the_unit() -> None:
    text_BL = torch.tensor([[2, 10, 8, 9, 8, 5, 5, 9, 6, 3]])
    marked_BL = TopicWords.of(TOKENS, OBJECTS, TopicRule(unit="piece")).mark(text_BL, torch.tensor([[3, 0, -1]]))
    assert marked_BL.int().tolist() == [[0, 1, 1, 1, 1, 1, 1, 1, 0, 0]]


def test_each_row_has_the_topics_of_its_own_image() -> None:
    text_BL = torch.tensor([[2, 5, 6, 3], [2, 5, 6, 3]])
    marked_BL = TopicWords.of(TOKENS, OBJECTS, TopicRule()).mark(text_BL, torch.tensor([[0, 2], [1, -1]]))
    assert marked_BL.int().tolist() == [[0, 1, 0, 0], [0, 0, 1, 0]]


def test_by_lemmas_a_plural_is_a_topic_and_its_own_pieces_are_the_target() -> None:
    text = [DOG, DOGS, GLASS, ES, GLASS, GLASS, S]
    assert marked(["dog", "glasses"], text) == [1, 0, 1, 1, 0, 0, 0]
    assert marked(["dog", "glasses"], text, form="lemma") == [1, 1, 1, 1, 1, 0, 0]  # "glass ##s" is no spelling


def test_a_whole_label_is_a_topic_only_where_its_words_stand_in_a_row() -> None:
    labels, text = ["wine glass", "red wine"], [RED, WINE, GLASS, WINE, RED, GLASS, ES]
    assert marked(labels, text) == [1, 1, 1, 1, 1, 0, 0]
    assert marked(labels, text, labels="whole") == [1, 1, 1, 0, 0, 0, 0]
    assert marked(labels, [WINE, GLASS, ES], labels="whole", form="lemma") == [1, 1, 1]
    assert marked(["glass", "wine glass red"], [WINE, GLASS], labels="whole") == [0, 1]  # the end of a text is no word
    assert marked(["red wine glass"], [RED], labels="whole") == [0]


def test_a_hyphen_is_no_topic_by_itself_and_part_of_a_whole_label() -> None:
    text = [T, HYPHEN, SHIRT, HYPHEN, SHIRT]
    assert marked(["t-shirt"], text) == [1, 0, 1, 0, 1]
    assert marked(["t-shirt"], text, labels="whole") == [1, 1, 1, 0, 0]


def test_a_label_of_which_the_vocabulary_knows_nothing_is_no_topic() -> None:
    assert marked(["zebra"], [1, DOG]) == [0, 0]
    assert marked(["zebra dog"], [1, DOG]) == [0, 1]
    assert marked(["zebra dog"], [1, DOG], labels="whole") == [0, 0]


def test_the_pieces_that_can_be_topics_are_those_of_object_labels() -> None:
    assert TopicWords.of(TOKENS, OBJECTS, TopicRule()).piece_ids == (5, 6, 7, 8, 9, 10)
    assert TopicWords.of(WORN, ["t-shirt", "dog"], TopicRule(form="lemma")).piece_ids == (T, SHIRT, DOG, DOGS, S)
    assert TopicWords.of(WORN, ["zebra dog"], TopicRule(labels="whole")).piece_ids == ()


@pytest.mark.parametrize("rule", [{"unit": "letter"}, {"form": "stem"}, {"labels": "none"}])
def test_an_unknown_rule_is_refused_with_the_known_ones(rule: dict[str, str]) -> None:
    with pytest.raises(UserError, match="expected one of"):
        TopicRule(**rule)


def test_pieces_have_no_plural() -> None:
    with pytest.raises(UserError, match="it is words that have a plural"):
        TopicRule(unit="piece", form="lemma")


def test_topics_of_unswapped_rows_are_those_of_the_corpus(tiny: TinySet, tiny_facts: Facts) -> None:
    stream = tiny_stage().streams[0]
    feed = Feed(stream, corpus=tiny.corpus, split="test", facts=tiny_facts, seed=1)
    batch = feed.clean(np.arange(feed.rows.num_rows))
    (asked,) = TopicPrediction({}, tiny_network(), tiny_facts).ask(batch)
    for row in range(batch.size):
        left, right = ([*PIECES][(20 + row // 2) % 4], [*PIECES][((20 + row // 2) // 4) % 4])
        assert set(asked.targets_N[row].tolist()) - {len(TOKENS)} == {*PIECES[left], *PIECES[right]}


@given(
    shown=st.lists(st.sampled_from(["dog", "dogs", "wine glass", "glasses", "red wine glass", "red"]), max_size=3),
    text=st.lists(st.sampled_from(sorted(SPELLED)), min_size=1, max_size=12),
    form=st.sampled_from(["surface", "lemma"]),
    labels=st.sampled_from(["words", "whole"]),
)
def test_topics_are_those_that_a_search_word_by_word_finds(
    shown: list[str], text: list[str], form: str, labels: str
) -> None:
    same = lemma if form == "lemma" else str
    words, split = [same(word) for word in text], [[same(word) for word in label.split()] for label in shown]
    terms = split if labels == "whole" else [[word] for label in split for word in label]
    found = {
        first + place
        for term in terms
        for first in range(len(words))
        if words[first : first + len(term)] == term
        for place in range(len(term))
    }
    expected = [int(place in found) for place, word in enumerate(text) for _ in SPELLED[word]]
    pieces = [piece for word in text for piece in SPELLED[word]]
    assert marked(shown, pieces, form=form, labels=labels) == expected


@given(words=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=6))
def test_two_words_have_one_code_exactly_if_all_their_pieces_agree(words: list[list[int]]) -> None:
    starts_word_V = torch.arange(20) < 10  # a word is one piece below 10 and then pieces from 10 on
    pieces = [[first, *(10 + piece for piece in rest)] for first, *rest in words]
    word_of_place_1L, codes_1L = words_in(torch.tensor([list(itertools.chain(*pieces))]), starts_word_V)
    assert word_of_place_1L[0].tolist() == [place for place, word in enumerate(pieces) for _ in word]
    code_of = {tuple(word): code for word, code in zip(pieces, codes_1L[0].tolist(), strict=False)}
    assert len(set(code_of.values())) == len(code_of)
    assert not codes_1L[0, len(pieces) :].any()
