"""Texts of a document put together until a row is full."""

from __future__ import annotations

import itertools

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from data.corpora.packing import packed
from data.encoding import encode, words_of
from data.vocabulary import SPECIALS, Vocabulary
from tests.data.sources.wild import FAST

VOCABULARY = Vocabulary([*SPECIALS, "a", "##b", "dog", "##s", "red", "on", ",", "."])


def rows(texts: list[str], max_length: int) -> list[tuple[str, list[int]]]:
    """The text of each row, and the places of the texts that it is of."""
    lengths = words_of(pa.array(texts, pa.string()), VOCABULARY).num_pieces.tolist()
    return [(row.text, row.places) for row in packed(texts, lengths, VOCABULARY, max_length)]


def test_texts_stand_one_after_another_until_the_next_does_not_fit_whole() -> None:
    texts = ["a dog", "a red dog.", "on", "dogs"]  # 2, 4, 1 and 2 pieces
    assert rows(texts, 8) == [("a dog a red dog.", [0, 1]), ("on dogs", [2, 3])]
    assert rows(texts, 9) == [("a dog a red dog. on", [0, 1, 2]), ("dogs", [3])]
    assert rows(texts, 7) == [("a dog", [0]), ("a red dog. on", [1, 2]), ("dogs", [3])]


def test_a_text_longer_than_a_row_is_cut_at_spaces_and_its_rest_is_filled_up() -> None:
    texts = ["on", "a red dog, a dog on a dog", "red"]
    assert rows(texts, 6) == [("on", [0]), ("a red dog,", [1]), ("a dog on a", [1]), ("dog red", [1, 2])]


def test_a_chunk_without_spaces_that_fits_into_no_row_is_one_alone() -> None:
    assert rows(["a", "dog,dog,dog", "a"], 5) == [("a", [0]), ("dog,dog,dog", [1]), ("a", [2])]


@FAST
@given(
    texts=st.lists(
        st.lists(st.sampled_from(["a", "ab", "dogs", "red,", "\x07", "zebra", "on."]), min_size=1, max_size=9).map(
            " ".join
        ),
        max_size=6,
    ),
    max_length=st.integers(5, 12),
)
def test_no_word_is_lost_or_moved_and_no_row_is_empty_or_too_long(texts: list[str], max_length: int) -> None:
    worded = [text for text in texts if VOCABULARY.split(text)]
    found = rows(worded, max_length)
    assert [word for text, _ in found for word in VOCABULARY.split(text)] == VOCABULARY.split(" ".join(worded))
    for text, places in found:
        assert 0 < sum(len(word.piece_ids) for word in VOCABULARY.split(text)) <= max_length - 2
        assert places == sorted(set(places))
    for (first, _), (second, places) in itertools.pairwise(found):  # nothing that fits is left for the next row
        text = worded[places[0]]
        if len(VOCABULARY.encode([text], 99)[0]) <= max_length:
            assert len(VOCABULARY.encode([f"{first} {text}"], 99)[0]) > max_length or not second.startswith(text)


def test_what_is_packed_is_what_the_tokenizer_reads() -> None:
    text = rows(["a dog", "dogs on a red dog."], 12)[0][0]
    encoded = encode(words_of(pa.array([text]), VOCABULARY), VOCABULARY, 12)
    assert encoded.token_ids.values.tolist() == VOCABULARY.encode([text], 12)[0]
