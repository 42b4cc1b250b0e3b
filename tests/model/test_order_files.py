"""Orders as files: what was written comes back, and what was made of another corpus, or is damaged, does not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from model.order_files import OrderFiles, UnusableError

BATCHES = [np.array([2, 0]), np.array([3]), np.array([4, 1])]


@pytest.fixture
def files(tmp_path: Path) -> OrderFiles:
    decided_by = {"corpus": "abc", "batch_size": 2}
    return OrderFiles(folder=tmp_path / "orders", row_ids=["a", "b", "c", "d", "e"], decided_by=decided_by)


def test_an_order_comes_back_with_its_mini_batches(files: OrderFiles) -> None:
    files.write(3, BATCHES)
    assert [rows_B.tolist() for rows_B in files.read(3)] == [[2, 0], [3], [4, 1]]
    assert [path.name for path in files.folder.iterdir()] == ["epoch-003.parquet"]


def test_the_file_says_which_rows_and_what_decided_it(files: OrderFiles) -> None:
    files.write(3, BATCHES)
    table = pq.read_table(files.path(3))
    assert table.to_pydict() == {"row": [2, 0, 3, 4, 1], "row_id": [*"cadeb"], "batch": [0, 0, 1, 2, 2]}
    decided = json.loads(table.schema.metadata[b"decided_by"])
    assert decided == {"epoch": 3, "corpus": "abc", "batch_size": 2}


def test_one_of_another_corpus_or_epoch_is_not_used_and_is_removed(files: OrderFiles) -> None:
    files.write(3, BATCHES)
    other = dataclasses.replace(files, decided_by={**files.decided_by, "corpus": "abd"})
    with pytest.raises(UnusableError, match="another corpus"):
        other.read(3)
    assert not files.path(3).exists()
    files.write(3, BATCHES)
    files.path(3).rename(files.path(4))
    with pytest.raises(UnusableError, match="another corpus"):
        files.read(4)


def test_one_that_is_damaged_or_missing_or_lacks_rows_is_not_used(files: OrderFiles) -> None:
    files.write(3, BATCHES)
    files.path(3).write_bytes(files.path(3).read_bytes()[:-20])
    for epoch in (3, 4):
        with pytest.raises(UnusableError):
            files.read(epoch)
    files.write(3, [*BATCHES[:2], np.array([4, 4])])
    with pytest.raises(UnusableError, match="every row once"):
        files.read(3)
