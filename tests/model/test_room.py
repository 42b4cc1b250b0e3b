from __future__ import annotations

import pytest
import torch

from model.room import is_out_of_memory, no_room


def test_the_rows_that_fit_are_found_by_halving() -> None:
    tried: list[int] = []

    def attempt(num_rows: int) -> None:
        tried.append(num_rows)
        if num_rows > 7:
            raise torch.OutOfMemoryError("CUDA out of memory")

    error = no_room(attempt, num_rows=50, where="stage token")
    assert tried == [25, 12, 6]
    assert "micro_batch_size = 6" in error.way_out


def test_where_not_even_one_row_fits_no_size_is_named() -> None:
    def attempt(num_rows: int) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")

    assert no_room(attempt, num_rows=5, where="stage token").found == "not even one fits"


def test_another_error_is_not_taken_for_want_of_memory() -> None:
    def attempt(num_rows: int) -> None:
        raise RuntimeError("shapes differ")

    assert not is_out_of_memory(RuntimeError("shapes differ"))
    with pytest.raises(RuntimeError, match="shapes differ"):
        no_room(attempt, num_rows=5, where="stage token")
