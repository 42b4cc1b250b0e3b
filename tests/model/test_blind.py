"""What knows less: words in any order, the second sentence alone, the words that two sentences share, mean colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.errors import ContractError
from model import blind, questions
from model.questions import Questions
from tests.model.tiny import TinySet, benchmark_row, write_benchmark

SEP = 3


def read(folder: Path, tiny: TinySet, *rows: tuple[str, list[int], int]) -> dict[str, Questions]:
    """Questions by split from (split, word pieces, right answer, -1 for none)."""
    made = [
        benchmark_row(
            f"x:{number}",
            (0,),
            split=split,
            image_ids=[],
            token_ids=[2, *pieces, SEP],
            target_ids=[right] if right >= 0 else [],
            target_scores=[1.0] if right >= 0 else [],
        )
        for number, (split, pieces, right) in enumerate(rows)
    ]
    write_benchmark(folder, made, ("no", "yes"))
    store = tiny.facts().store
    return {
        split: questions.read(folder, split=split, store=store, num_images=0, num_answers=2)
        for split in ("train", "test")
    }


def test_words_count_whatever_their_order(tmp_path: Path, tiny: TinySet) -> None:
    rows = read(
        tmp_path,
        tiny,
        *(("train", [5, 6], 0), ("train", [5, 5, 7], 0), ("train", [8, 6], 1), ("train", [9], -1)),
        *(("test", [6, 5], 0), ("test", [6, 8], 1), ("test", [], 0)),
    )
    right_N = blind.right_answers(rows["train"])
    assert right_N.tolist() == [0, 0, 1, -1]
    counted = (np.ones(16, np.bool_), np.ones(10, np.bool_))  # all pieces, [CLS] and [SEP] too
    found_N = blind.naive_bayes(rows["train"], right_N, rows["test"], counted=counted, num_answers=2, num_words=14)
    assert found_N.tolist() == [0, 1, 0]  # of nothing that tells, the commoner answer


def test_the_second_sentence_is_what_stands_behind_the_first_sep(tmp_path: Path, tiny: TinySet) -> None:
    rows = read(
        tmp_path, tiny, ("train", [5, 6, SEP, 7], 0), ("train", [8], 1), ("train", [9, SEP, 5, 6], 1), ("test", [5], 0)
    )
    is_second_T = blind.second_sentences(rows["train"], SEP)
    assert rows["train"].token_ids_T[is_second_T].tolist() == [7, 5, 6]
    assert not blind.second_sentences(rows["test"], SEP).any()


def test_overlap_is_the_share_of_distinct_words_that_both_have(tmp_path: Path, tiny: TinySet) -> None:
    rows = read(
        tmp_path,
        tiny,
        *(("test", [5, 6, 6, SEP, 6, 7], 0), ("test", [5, SEP, 5], 0), ("test", [5, SEP, 6], 0), ("train", [5], 0)),
    )
    np.testing.assert_allclose(blind.word_overlap(rows["test"], SEP), [1 / 3, 1.0, 0.0])


def test_a_text_alone_has_no_image_and_still_needs_its_two_ends(tmp_path: Path, tiny: TinySet) -> None:
    rows = read(tmp_path, tiny, ("train", [5], 0), ("test", [6], 1))
    assert rows["train"].images_NM.shape == (1, 0)
    store = tiny.facts().store
    write_benchmark(tmp_path, [benchmark_row("x:1", (0,), split="test", image_ids=[], token_ids=[2])], ("no", "yes"))
    with pytest.raises(ContractError, match=r"at least \[CLS\] and \[SEP\]"):
        questions.read(tmp_path, split="test", store=store, num_images=0, num_answers=2)
