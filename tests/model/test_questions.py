"""The rows of a benchmark, read. Legend: N rows, M images of a row, A possible answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.errors import ContractError, SourceError
from model import questions
from model.facts import Facts
from model.questions import Questions
from tests.model.tiny import TinySet, benchmark_row, write_benchmark
from tests.parts import only_part

ANSWERS = ("no", "perhaps", "yes")


def read(folder: Path, facts: Facts, *rows: dict[str, Any], split: str = "train", **changes: Any) -> Questions:
    write_benchmark(folder, list(rows), ANSWERS)
    shape = {"num_images": 1, "num_answers": len(ANSWERS), **changes}
    return questions.read(folder, split=split, store=facts.store, **shape)


def test_rows_are_read_with_their_images_in_order_and_what_is_right(tmp_path: Path, tiny_facts: Facts) -> None:
    rows = (
        benchmark_row("a", (3, 1), target_ids=[0, 2], target_scores=[0.3, 1.0]),
        benchmark_row("b", (1, 2)),
        benchmark_row("c", (0, 5), target_ids=[1], target_scores=[0.6], token_ids=[2, 12, 5, 3]),
    )
    found = read(tmp_path, tiny_facts, *rows, num_images=2)
    assert found.images_NM.tolist() == [[3, 1], [1, 2], [0, 5]]
    np.testing.assert_allclose(found.targets(np.array([2, 0, 1]), 3), [[0, 0.6, 0], [0.3, 0, 1], [0, 0, 0]], rtol=1e-6)
    assert found.tokens(np.array([1, 2]), max_length=4, pad_id=0).tolist() == [[2, 12, 3, 0], [2, 12, 5, 3]]


def test_an_answered_row_says_what_was_published_what_is_right_and_what_was_given(
    tmp_path: Path, tiny_facts: Facts
) -> None:
    row = benchmark_row(
        "a", (3,), published=["yes", "no"], target_ids=[0, 2], target_scores=[0.25, 1.0], kind="k", set_id="s"
    )
    (answered,) = read(tmp_path, tiny_facts, row).answered(np.array([1]), ANSWERS)
    assert (answered.row_id, answered.kind, answered.set_id, answered.published) == ("a", "k", "s", ("yes", "no"))
    assert answered.targets == {"no": 0.25, "yes": 1.0}
    assert answered.answer == "perhaps"


def test_rows_to_submit_may_be_absent_and_those_of_a_split_may_not(tmp_path: Path, tiny_facts: Facts) -> None:
    found = read(tmp_path, tiny_facts, benchmark_row("a", (3,)), split="submit", may_be_empty=True)
    assert found.num_rows == 0
    assert found.images_NM.shape == (0, 1)
    with pytest.raises(ContractError, match="rows of the split 'test'"):
        read(tmp_path, tiny_facts, benchmark_row("a", (3,)), split="test")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"token_ids": [2]}, "at least"),
        ({"image_ids": ["coco:000", "coco:001"]}, "1 images"),
        ({"image_ids": []}, "1 images"),
        ({"image_ids": ["coco:999"]}, "regions"),
        ({"target_ids": [3], "target_scores": [1.0]}, "among the 3 possible"),
        ({"target_ids": [-1], "target_scores": [1.0]}, "among the 3 possible"),
        ({"target_ids": [1], "target_scores": []}, "a score for each"),
    ],
)
def test_a_bad_row_is_named(changes: dict[str, Any], expected: str, tmp_path: Path, tiny_facts: Facts) -> None:
    rows = (benchmark_row("fine", (1,)), benchmark_row("wrong", (2,), **changes))
    with pytest.raises(ContractError, match=expected) as error:
        read(tmp_path, tiny_facts, *rows)
    assert "row wrong" in error.value.where


@pytest.mark.parametrize("content", ["", "{}", "[1]", "null", "[", '"yes"'])
def test_a_file_that_is_no_list_of_answers_is_said(content: str, tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text(content, "utf-8")
    with pytest.raises(SourceError, match="the rows of a benchmark"):
        questions.read_answers(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not parquet at all"])
def test_a_file_that_is_no_table_is_said(content: bytes, tmp_path: Path, tiny_facts: Facts) -> None:
    only_part(tmp_path, "rows").write_bytes(content)
    with pytest.raises(SourceError, match="the rows of a benchmark"):
        questions.read(tmp_path, split="train", store=tiny_facts.store, num_images=1, num_answers=1)


def test_a_table_of_another_kind_is_said(tiny: TinySet, tmp_path: Path, tiny_facts: Facts) -> None:
    only_part(tmp_path, "rows").write_bytes(only_part(tiny.corpus, "corpus").read_bytes())
    with pytest.raises(SourceError, match="the rows of a benchmark"):
        questions.read(tmp_path, split="train", store=tiny_facts.store, num_images=1, num_answers=1)
