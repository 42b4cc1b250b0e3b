"""The thread that makes the next batches."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from model.supply import Supply


def names() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_the_items_come_out_in_their_order_and_were_made_in_another_thread() -> None:
    def items() -> Iterator[tuple[int, str]]:
        for number in range(9):
            yield number, threading.current_thread().name

    with Supply(items(), device="cpu") as supply:
        found = list(supply)
    assert found == [(number, "supply") for number in range(9)]
    assert supply.starved_seconds > 0.0


def test_it_is_a_few_items_ahead_and_no_more() -> None:
    made = []
    third = threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 3:
                third.set()
            yield number

    with Supply(items(), device="cpu") as supply:
        assert next(iter(supply)) == 0
        assert third.wait(10)  # 0 is out, 1 and 2 wait, and 3 is made and has no room
    assert made == [0, 1, 2, 3]
    assert "supply" not in names()


def test_what_fails_in_the_thread_fails_here_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("no second")

    found = []
    with pytest.raises(ValueError, match="no second"), Supply(items(), device="cpu") as supply:
        found.extend(supply)
    found.extend([] if found else [0])
    assert "supply" not in names()


def test_leaving_early_ends_the_thread_whatever_it_does() -> None:
    def items() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    with Supply(items(), device="cpu") as supply:
        assert next(iter(supply)) == 0
    assert "supply" not in names()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_what_was_made_on_another_stream_is_there_when_it_is_used() -> None:
    def items() -> Iterator[torch.Tensor]:
        for number in range(50):
            yield torch.full((1 << 22,), float(number), pin_memory=True).to("cuda", non_blocking=True)

    with Supply(items(), device="cuda") as supply:
        means = torch.stack([tensor.mean() for tensor in supply])
    assert means.tolist() == list(range(50))
