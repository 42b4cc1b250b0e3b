"""Positions by whole words. Legend: B rows, L word pieces."""

from __future__ import annotations

import torch

from model.word_positions import WordPositions

TOKENS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *("a", "man", "'", "s", "hel", "##met", ",", "blue", ".", "#", "\u2014"),
)
ID_OF = {token: number for number, token in enumerate(TOKENS)}


def positions(*texts: str) -> list[list[int]]:
    ids = [[ID_OF[token] for token in text.split()] for text in texts]
    length = max(map(len, ids))
    padded = torch.tensor([row + [0] * (length - len(row)) for row in ids])
    found: list[list[int]] = WordPositions(TOKENS)(padded).tolist()
    return found


def test_words_count_from_two_and_pieces_and_marks_share_the_position_of_their_word() -> None:
    (found,) = positions("[CLS] a man ' s hel ##met , blue . [SEP]")
    assert found == [1, 2, 3, 3, 4, 5, 5, 5, 6, 6, 1]


def test_padding_is_zero_whatever_the_row_is_padded_to() -> None:
    assert positions("[CLS] a man [SEP]", "[CLS] a hel ##met . [SEP]") == [[1, 2, 3, 1, 0, 0], [1, 2, 3, 3, 3, 1]]


def test_what_comes_first_begins_a_word() -> None:
    assert positions("[CLS] . a [SEP]", "[CLS] ##met a [SEP]") == [[1, 2, 3, 1], [1, 2, 3, 1]]


def test_a_mask_begins_a_word_and_a_hash_sign_or_a_dash_is_a_mark() -> None:
    assert positions("[CLS] a [MASK] # [UNK] \u2014 [SEP]") == [[1, 2, 3, 3, 4, 4, 1]]


def test_nothing_of_it_is_among_the_weights() -> None:
    assert WordPositions(TOKENS).state_dict() == {}
