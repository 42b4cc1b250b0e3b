from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from data.errors import ContractError, SourceError
from data.schema import CORPUS
from data.writers import write_parquet
from model import rows
from model.facts import Facts
from tests.model.tiny import TinySet
from tests.parts import only_part


def test_rows_are_padded_and_longer_ones_keep_their_separator(tiny: TinySet, tiny_facts: Facts) -> None:
    found = rows.read(tiny.corpus, split="train", store=tiny_facts.store)
    assert found.row_ids[:3] == ["coco:000#0", "coco:000#1", "coco:001#0"]
    numbers = np.array([0, 2])  # "a dog and a dog" and "a cat and a dog": seven pieces each
    assert found.tokens(numbers, max_length=8, pad_id=0).tolist() == [
        [2, 12, 5, 13, 12, 5, 3, 0],
        [2, 12, 6, 13, 12, 5, 3, 0],
    ]
    assert found.tokens(numbers, max_length=4, pad_id=0).tolist() == [[2, 12, 5, 3], [2, 12, 6, 3]]


def test_splits_are_read_apart(tiny: TinySet, tiny_facts: Facts) -> None:
    sizes = {split: rows.read(tiny.corpus, split=split, store=tiny_facts.store).num_rows for split in ("train", "test")}
    assert sizes == {"train": 32, "test": 8}


def write_row(folder: Path, **changes: object) -> Path:
    row = {
        "row_id": "r",
        "image_id": "coco:000",
        "split": "train",
        "text": "a",
        "token_ids": [2, 3],
        "topic_ids": [],
        "source_ids": [],
    }
    write_parquet(only_part(folder, "corpus"), pa.Table.from_pylist([{**row, **changes}], schema=CORPUS), CORPUS)
    return folder


def test_a_row_without_regions_is_named(tmp_path: Path, tiny_facts: Facts) -> None:
    with pytest.raises(ContractError, match="row r") as error:
        rows.read(write_row(tmp_path, image_id="coco:999"), split="train", store=tiny_facts.store)
    assert "coco:999" in error.value.found


def test_a_row_without_word_pieces_is_named(tmp_path: Path, tiny_facts: Facts) -> None:
    with pytest.raises(ContractError, match="0 token ids"):
        rows.read(write_row(tmp_path, token_ids=[]), split="train", store=tiny_facts.store)


def test_an_empty_split_is_said(tmp_path: Path, tiny_facts: Facts) -> None:
    with pytest.raises(ContractError, match="rows of the split 'test'"):
        rows.read(write_row(tmp_path), split="test", store=tiny_facts.store)


@pytest.mark.parametrize("content", [b"", b"not parquet at all"])
def test_a_file_that_is_no_corpus_is_said(content: bytes, tmp_path: Path, tiny_facts: Facts) -> None:
    only_part(tmp_path, "corpus").write_bytes(content)
    with pytest.raises(SourceError, match="a corpus"):
        rows.read(tmp_path, split="train", store=tiny_facts.store)
