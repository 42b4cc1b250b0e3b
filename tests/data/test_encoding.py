"""Many texts encoded at once: the same pieces, words and cuts as one text at a time, and as the tokenizers library."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from data.encoding import encode, words_of
from data.ragged import Ragged, offsets_of
from data.vocabulary import SPECIALS, Vocabulary

WORDS = ["a", "dog", "##s", "un", "##lit", "red", "e", "t", "-", "shirt", "'", "[", "]", "mask", "日", "."]
TINY = Vocabulary([*SPECIALS, *WORDS])


def _lists(ragged: Ragged) -> list[list[int]]:
    return [ragged.values[start:stop].tolist() for start, stop in zip(ragged.offsets, ragged.offsets[1:], strict=False)]


def test_texts_become_pieces_between_cls_and_sep_and_are_cut() -> None:
    ids = TINY.id_of
    words = words_of(pa.array(["dogs unlit", "", "a t-shirt", "red"]), TINY)
    encoded = encode(words, TINY, 5)
    assert _lists(encoded.token_ids) == [
        [TINY.cls_id, ids["dog"], ids["##s"], ids["un"], TINY.sep_id],
        [TINY.cls_id, TINY.sep_id],
        [TINY.cls_id, ids["a"], ids["t"], ids["-"], TINY.sep_id],
        [TINY.cls_id, ids["red"], TINY.sep_id],
    ]
    assert encoded.is_truncated_T.tolist() == [True, False, True, False]
    whole = [[words.distinct[number].text for number in numbers] for numbers in _lists(encoded.whole_words)]
    assert whole == [["dogs"], [], ["a", "t", "-"], ["red"]]  # of "unlit" one piece is left: no word
    assert words.num_pieces.tolist() == [4, 0, 4, 1]


_TEXTS = st.lists(st.text(st.sampled_from([*"ads tunlire-'.[]", "é", "日", "\t", "\n", "\u00a0", "\u200b", "Å"])))


@settings(deadline=None)
@given(_TEXTS, st.integers(3, 9))
@example(["[MASK] [mask] [CLS]", "Dogs\tun\nlit\r", "日本dogs", "é\u0301", "\x00a\x07b", "a" * 150, "  a  "], 6)
def test_many_at_once_are_as_each_alone(texts: list[str], max_length: int) -> None:
    words = words_of(pa.array(texts, pa.string()), TINY)
    encoded = encode(words, TINY, max_length)
    alone = [TINY.encode_words(text, max_length) for text in texts]
    assert _lists(encoded.token_ids) == [one.token_ids for one in alone]
    assert encoded.is_truncated_T.tolist() == [one.is_truncated for one in alone]
    whole = [[words.distinct[number] for number in numbers] for numbers in _lists(encoded.whole_words)]
    assert whole == [one.words for one in alone]


@settings(deadline=None)
@given(st.lists(st.text()))
@example(["[MASK] [mask]", "café T-SHIRT 日本", "a\x00b\x7f", "\u2028a\u3000b", "..." * 40, "Ünlit's"])
def test_many_at_once_are_as_the_tokenizers_library_encodes_them(texts: list[str]) -> None:
    library = Tokenizer(models.WordPiece(TINY.id_of, unk_token="[UNK]"))
    library.normalizer = normalizers.BertNormalizer(lowercase=True)
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    ours = encode(words_of(pa.array(texts, pa.string()), TINY), TINY, 10_000)
    assert [ids[1:-1] for ids in _lists(ours.token_ids)] == [one.ids for one in library.encode_batch(texts)]


def test_a_slice_of_texts_is_encoded_as_the_texts_themselves() -> None:
    texts = pa.array(["a dog", "red dogs", "unlit", ""])
    sliced = encode(words_of(texts.slice(1, 2), TINY), TINY, 9)
    assert _lists(sliced.token_ids) == TINY.encode(["red dogs", "unlit"], 9)


def test_lists_end_to_end_are_taken_joined_and_thinned_out() -> None:
    lists = Ragged.of([[1, 2], [], [3], [4, 5, 6]])
    assert _lists(lists.take(np.array([3, 0, 1, 3]))) == [[4, 5, 6], [1, 2], [], [4, 5, 6]]
    assert _lists(lists.joined(np.array([0, 2, 2, 4]))) == [[1, 2], [], [3, 4, 5, 6]]
    assert _lists(lists.where(lists.values % 2 == 0)) == [[2], [], [], [4, 6]]
    assert lists.owners.tolist() == [0, 0, 2, 3, 3, 3]
    assert lists.to_arrow().to_pylist() == [[1, 2], [], [3], [4, 5, 6]]
    assert offsets_of([2, 0, 3]).tolist() == [0, 2, 2, 5]
    assert _lists(Ragged.of([])) == []


def test_no_room_for_a_word_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="no room"):
        encode(words_of(pa.array(["a"]), TINY), TINY, 2)
