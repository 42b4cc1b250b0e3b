"""Pieces of the tiny vocabulary: dog 5, cat 6, ball 7, rac 8, ##ket 9, red 10, blue 11, a 12, and 13."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.facts import Facts
from model.feed import Feed
from model.topics import TopicWords, word_codes
from tests.model.tiny import PIECES, TinySet, tiny_stage


def test_whole_words_count_and_not_pieces(tiny_facts: Facts) -> None:
    # The image shows a "red racket" and a dog. "rac" alone and "dog ##ket" are other words; unknown ids are no label.
    text_BL = torch.tensor([[2, 10, 8, 9, 8, 5, 5, 9, 6, 3]])
    marked_BL = tiny_facts.topics.mark(text_BL, torch.tensor([[3, 0, -1]]))
    assert marked_BL.int().tolist() == [[0, 1, 1, 1, 0, 1, 0, 0, 0, 0]]


def test_a_label_of_which_the_vocabulary_knows_nothing_is_no_topic() -> None:
    words = TopicWords.of(["[UNK]", "dog"], [[0], [1]], special_ids={0})
    assert words.mark(torch.tensor([[0, 1]]), torch.tensor([[0, 1]])).tolist() == [[False, True]]
    assert words.piece_ids == (1,)


def test_the_pieces_that_can_be_topics_are_those_of_object_labels(tiny_facts: Facts) -> None:
    assert tiny_facts.topics.piece_ids == (5, 6, 7, 8, 9, 10)


def test_marks_of_unswapped_rows_equal_the_corpus_topics(tiny: TinySet, tiny_facts: Facts) -> None:
    stream = tiny_stage().streams[0]
    feed = Feed(stream, corpus=tiny.corpus, split="test", facts=tiny_facts, seed=1)
    batch = feed.clean(np.arange(feed.rows.num_rows))
    for row in range(batch.size):
        left, right = ([*PIECES][(20 + row // 2) % 4], [*PIECES][((20 + row // 2) // 4) % 4])
        assert set(batch.text_BL[row][batch.topics_BL[row]].tolist()) == {*PIECES[left], *PIECES[right]}


@given(words=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=6))
def test_two_words_have_one_code_exactly_if_all_their_pieces_agree(words: list[list[int]]) -> None:
    continues_V = torch.arange(20) >= 10  # a word is one piece below 10 and then pieces from 10 on
    pieces = [[first, *(10 + piece for piece in rest)] for first, *rest in words]
    codes = word_codes(torch.tensor([list(itertools.chain(*pieces))]), continues_V)[0].tolist()
    code_of = {tuple(word): codes[sum(map(len, pieces[:place]))] for place, word in enumerate(pieces)}
    assert len(set(code_of.values())) == len(code_of)
