"""What every order does: each row once an epoch, in batches of the size asked, decided by seed and epoch."""

from __future__ import annotations

import numpy as np
import pytest

from data import draws
from data.errors import UserError
from model import plugins
from model.grouping import Batches
from model.orders import ObservingOrder, Order, Ordered

FIRST_EPOCHS = (0, 1, 2)


def ordered(num_rows: int, *, rows_per_image: int = 1) -> Ordered:
    """Rows of 2 to 9 word pieces, so many of each image."""
    numbers_N = np.arange(num_rows)
    return Ordered(
        keys_N=draws.row_keys(f"row {number}" for number in range(num_rows)),
        images_N=numbers_N // rows_per_image,
        lengths_N=numbers_N * 7 % 8 + 2,
    )


def epochs(name: str, *, num_rows: int = 11, batch_size: int = 4, seed: int = 1) -> list[Batches]:
    """The mini-batches of the first epochs; an order that observes sees the same features in each."""
    rows = ordered(num_rows)
    order: Order = plugins.load("orders", name).build({}, rows=rows, batch_size=batch_size, seed=seed)
    features_NE = np.random.default_rng(5).normal(size=(num_rows, 3)).astype(np.float32)
    found = []
    for epoch in FIRST_EPOCHS:
        batches = list(order.batches(epoch))
        assert len(batches) == order.num_batches()
        found.append(batches)
        if isinstance(order, ObservingOrder):
            for rows_B in batches:
                order.observe(rows_B, features_NE[rows_B], -features_NE[rows_B], for_epoch=epoch + 1, rank=0)
            order.take(epoch + 1, order.finish(epoch + 1, num_ranks=1))
    return found


@pytest.mark.parametrize("name", plugins.names("orders"))
@pytest.mark.parametrize("num_rows", [1, 3, 4, 8, 11])
def test_every_row_comes_once_an_epoch_in_batches_of_the_size_asked(name: str, num_rows: int) -> None:
    for batches in epochs(name, num_rows=num_rows):
        sizes = sorted((len(rows_B) for rows_B in batches), reverse=True)
        assert sizes == [4] * (num_rows // 4) + [num_rows % 4] * (num_rows % 4 > 0)
        assert sorted(np.concatenate(batches).tolist()) == list(range(num_rows))


@pytest.mark.parametrize("name", plugins.names("orders"))
def test_seed_and_epoch_decide_the_order(name: str) -> None:
    def flat(seed: int, epoch: int) -> list[int]:
        rows: list[int] = np.concatenate(epochs(name, num_rows=50, seed=seed)[epoch]).tolist()
        return rows

    for epoch in FIRST_EPOCHS:
        assert flat(1, epoch) == flat(1, epoch)
        assert flat(1, epoch) != flat(2, epoch)
    assert flat(1, 0) != flat(1, 1)
    assert flat(1, 1) != flat(1, 2)


def test_texts_of_a_bucket_are_sorted_by_length_and_mini_batches_shuffled() -> None:
    rows = ordered(40)
    order = plugins.load("orders", "length_buckets").build({}, rows=rows, batch_size=5, seed=1)
    lengths = [rows.lengths_N[rows_B].tolist() for rows_B in order.batches(2)]
    assert sorted(map(sorted, lengths)) == [[length] * 5 for length in range(2, 10)]
    assert [batch[0] for batch in lengths] != list(range(2, 10))


def test_a_bucket_of_one_mini_batch_is_a_shuffle() -> None:
    rows = ordered(40)
    order = plugins.load("orders", "length_buckets").build({"batches_per_bucket": 1}, rows=rows, batch_size=5, seed=1)
    assert any(len(set(rows.lengths_N[rows_B].tolist())) > 3 for rows_B in order.batches(0))


def test_a_bucket_without_a_mini_batch_is_refused() -> None:
    with pytest.raises(UserError, match="at least 1 mini-batch"):
        plugins.load("orders", "length_buckets").build({"batches_per_bucket": 0}, rows=ordered(4), batch_size=2, seed=1)
