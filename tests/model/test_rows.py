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
from tests.model import tiny_kinds
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


def write_row(folder: Path, *others: dict[str, object], **changes: object) -> Path:
    row = {
        "row_id": "r",
        "image_id": "coco:000",
        "split": "train",
        "text": "a",
        "token_ids": [2, 3],
        "topic_ids": [],
        "source_ids": [],
    }
    rows = [{**row, **changes}, *({**row, **other} for other in others)]
    write_parquet(only_part(folder, "corpus"), pa.Table.from_pylist(rows, schema=CORPUS), CORPUS)
    return folder


def test_a_row_without_regions_is_named(tmp_path: Path, tiny_facts: Facts) -> None:
    with pytest.raises(ContractError, match="row r") as error:
        rows.read(write_row(tmp_path, image_id="coco:999"), split="train", store=tiny_facts.store)
    assert "coco:999" in error.value.found


@pytest.mark.parametrize(
    ("wrong", "found"), [({"token_ids": [2]}, "1 token ids"), ({"token_ids": [], "image_id": ""}, "0 token ids")]
)
def test_a_row_without_word_pieces_is_named(
    wrong: dict[str, object], found: str, tmp_path: Path, tiny_facts: Facts
) -> None:
    with pytest.raises(ContractError, match=found):
        rows.read(write_row(tmp_path, **wrong), split="train", store=tiny_facts.store)


@pytest.mark.parametrize("kind", [{"image_id": ""}, {"token_ids": []}])
def test_a_corpus_is_all_of_one_kind(kind: dict[str, object], tmp_path: Path, tiny_facts: Facts) -> None:
    with pytest.raises(ContractError, match="row s"):
        rows.read(write_row(tmp_path, {**kind, "row_id": "s"}), split="train", store=tiny_facts.store)


def test_texts_alone_have_no_image_and_images_alone_no_word_piece(tmp_path: Path, tiny_facts: Facts) -> None:
    texts = rows.read(tiny_kinds.write_texts(tmp_path / "texts"), split="train", store=tiny_facts.store)
    assert (texts.has_texts, texts.has_images) == (True, False)
    assert texts.images().tolist() == []
    images = rows.read(tiny_kinds.write_images(tmp_path / "images"), split="train", store=tiny_facts.store)
    assert (images.has_texts, images.has_images) == (False, True)
    assert images.images().tolist() == list(range(16))
    assert images.tokens(np.arange(3), max_length=5, pad_id=0).shape == (3, 0)


def test_an_empty_split_is_said(tmp_path: Path, tiny_facts: Facts) -> None:
    with pytest.raises(ContractError, match="rows of the split 'test'"):
        rows.read(write_row(tmp_path), split="test", store=tiny_facts.store)


@pytest.mark.parametrize("content", [b"", b"not parquet at all"])
def test_a_file_that_is_no_corpus_is_said(content: bytes, tmp_path: Path, tiny_facts: Facts) -> None:
    only_part(tmp_path, "corpus").write_bytes(content)
    with pytest.raises(SourceError, match="a corpus"):
        rows.read(tmp_path, split="train", store=tiny_facts.store)
