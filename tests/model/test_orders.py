from __future__ import annotations

import numpy as np
import pytest

from model import plugins
from model.orders import Order


def order(name: str, *, num_rows: int = 11, seed: int = 1) -> Order:
    built: Order = plugins.load("orders", name).build({}, num_rows=num_rows, batch_size=4, seed=seed)
    return built


@pytest.mark.parametrize("name", plugins.names("orders"))
def test_every_row_comes_once_an_epoch_in_batches_of_the_size_asked(name: str) -> None:
    batches = order(name).batches(3)
    assert len(batches) == order(name).num_batches() == 3
    assert sorted(len(rows_B) for rows_B in batches) == [3, 4, 4]
    assert sorted(np.concatenate(batches).tolist()) == list(range(11))


@pytest.mark.parametrize("name", plugins.names("orders"))
def test_seed_and_epoch_decide_the_order(name: str) -> None:
    def flat(seed: int, epoch: int) -> list[int]:
        rows: list[int] = np.concatenate(order(name, seed=seed).batches(epoch)).tolist()
        return rows

    assert flat(1, 0) == flat(1, 0)
    assert flat(1, 0) != flat(1, 1)
    assert flat(1, 0) != flat(2, 0)
