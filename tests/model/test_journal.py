from __future__ import annotations

import math

import torch

from model.journal import Journal


def journal() -> Journal:
    return Journal(("learning_rate", "loss", "norm"), num_updates=4, device="cpu", read_every=2)


def test_rows_are_read_in_the_order_in_which_they_were_noted() -> None:
    found = journal()
    found.note(0.5, torch.tensor([1.0, 2.0]))
    assert (found.is_full, found.last()) == (False, {})
    found.note(0.25, torch.tensor([3.0, 4.0]))
    assert found.is_full
    assert found.read() is None
    found.note(0.125, torch.tensor([5.0, 6.0]))
    assert found.read() is None
    assert found.metrics[:3].tolist() == [[0.5, 1.0, 2.0], [0.25, 3.0, 4.0], [0.125, 5.0, 6.0]]
    assert found.last() == {"learning_rate": 0.125, "loss": 5.0, "norm": 6.0}


def test_the_first_update_whose_loss_is_not_finite_is_named() -> None:
    found = journal()
    found.note(1.0, torch.tensor([1.0, math.inf]))
    assert found.read() is None
    found.note(1.0, torch.tensor([2.0, 1.0]))
    found.note(1.0, torch.tensor([math.nan, 1.0]))
    assert found.read() == 2


def test_it_goes_on_from_what_was_read_before() -> None:
    found = journal()
    found.begin(torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64), 1)
    found.note(4.0, torch.tensor([5.0, 6.0]))
    assert found.read() is None
    assert found.metrics[:2].tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
