"""Grit: nothing lost or doubled whatever the remainder, no rows of one image together, and the same after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from data import draws
from data.errors import UserError
from model.grouping import Batches, Floats, hardest_similarity
from model.orders import Ordered
from model.orders.grit import Grit, build
from model.orders.shuffle import Shuffle
from tests.model.test_grouping import clustered, repeats

SMALL: dict[str, Any] = {"queue": 12, "search_space": 6}


def ordered(num_rows: int, *, rows_per_image: int = 1) -> Ordered:
    return Ordered(
        keys_N=draws.row_keys(f"row {number}" for number in range(num_rows)),
        images_N=np.arange(num_rows) // rows_per_image,
        lengths_N=np.full(num_rows, 5),
    )


def grit(num_rows: int, *, batch_size: int = 2, rows_per_image: int = 1, **options: Any) -> Grit:
    rows = ordered(num_rows, rows_per_image=rows_per_image)
    return build({**SMALL, **options}, rows=rows, batch_size=batch_size, seed=1)


def show(order: Grit, epoch: int, image_NE: Floats, text_NE: Floats, *, num_ranks: int = 1, start: int = 0) -> None:
    """Let it observe an epoch, from a mini-batch on."""
    for number, rows_B in list(enumerate(order.batches(epoch)))[start:]:
        order.observe(rows_B, image_NE[rows_B], text_NE[rows_B], for_epoch=epoch + 1, rank=number % num_ranks)


def epochs(order: Grit, image_NE: Floats, text_NE: Floats, *, number: int = 3, num_ranks: int = 1) -> Iterator[Batches]:
    """The mini-batches of epochs 1 on, each observed."""
    for epoch in range(number):
        show(order, epoch, image_NE, text_NE, num_ranks=num_ranks)
        batches = list(order.finish(epoch + 1, num_ranks=num_ranks))
        order.take(epoch + 1, batches)
        yield batches


@pytest.mark.parametrize("num_rows", range(1, 40))
@pytest.mark.parametrize("options", [{}, {"scope": "rank"}, {"scope": "rank", "shuffle_scope": "rank"}])
def test_every_row_comes_once_an_epoch_whatever_the_remainder(num_rows: int, options: dict[str, Any]) -> None:
    image_NE, text_NE = clustered(num_rows, 3)
    for batches in epochs(grit(num_rows, **options), image_NE, text_NE, num_ranks=2):
        assert sorted(np.concatenate(batches).tolist()) == list(range(num_rows))
        assert sorted(len(rows_B) for rows_B in batches) == [1] * (num_rows % 2) + [2] * (num_rows // 2)


def test_no_row_is_lost_over_many_epochs_however_low_the_temperature_that_scaled_the_features() -> None:
    image_NE, text_NE = clustered(100, 3)
    for batches in epochs(grit(100), image_NE / 0.001, text_NE, number=12):
        assert sorted(np.concatenate(batches).tolist()) == list(range(100))


def test_row_numbers_beyond_those_that_float32_can_count_are_kept() -> None:
    num_rows = 2**24 + 4
    nothing = np.zeros(num_rows, np.int64)
    rows = Ordered(keys_N=nothing.view(np.uint64), images_N=nothing, lengths_N=nothing)
    order = build({"queue": 4, "search_space": 2, "reference_compat": True}, rows=rows, batch_size=2, seed=1)
    last_B = np.arange(num_rows - 4, num_rows)
    order.observe(last_B, *clustered(4, 2), for_epoch=1, rank=0)
    state = order.state()
    assert state["grouped"].dtype == np.int64
    assert sorted(state["grouped"].tolist()) == last_B.tolist()


def test_a_walk_may_begin_with_any_row() -> None:
    begun = set()
    for epoch in range(1, 60):
        order = grit(4, queue=4, search_space=4)
        order.observe(np.arange(4), *clustered(4, 2), for_epoch=epoch, rank=0)
        begun.add(int(order.state()["grouped"][0]))
    assert begun == {0, 1, 2, 3}


@pytest.mark.parametrize("rows_per_image", [2, 5])
def test_no_two_texts_of_an_image_share_a_mini_batch_unless_that_is_asked_for(rows_per_image: int) -> None:
    num_rows, options = 300, {"queue": 120, "search_space": 60, "rows_per_image": rows_per_image, "batch_size": 12}
    image_NE, text_NE = clustered(num_rows // rows_per_image, 20)
    image_NE, text_NE = image_NE.repeat(rows_per_image, 0), text_NE.repeat(rows_per_image, 0)
    images_N = np.arange(num_rows) // rows_per_image
    ours = list(epochs(grit(num_rows, **options), image_NE, text_NE))
    published = list(epochs(grit(num_rows, reference_compat=True, **options), image_NE, text_NE))
    assert [repeats(batches, images_N) for batches in ours] == [0, 0, 0]
    assert min(repeats(batches, images_N) for batches in published) > 20


def test_its_mini_batches_are_harder_than_shuffled_ones() -> None:
    image_NE, text_NE = clustered(960, 40)
    random = Shuffle(num_rows=960, batch_size=12, seed=1)
    shuffles = [hardest_similarity([*random.batches(epoch)], image_NE, text_NE) for epoch in range(8)]
    means = {}
    for space in (12, 60, 240):
        order = grit(960, batch_size=12, queue=480, search_space=space)
        (batches,) = epochs(order, image_NE, text_NE, number=1)
        means[space] = hardest_similarity(batches, image_NE, text_NE)
    assert min(shuffles) - 0.02 < means[12] < max(shuffles) + 0.02
    assert max(shuffles) + 0.1 < means[60] < means[240] - 0.05


@pytest.mark.parametrize("options", [{}, {"scope": "rank"}])
@pytest.mark.parametrize("stop", range(18))
def test_one_that_takes_up_a_state_goes_on_as_if_nothing_had_been(stop: int, options: dict[str, Any]) -> None:
    image_NE, text_NE = clustered(35, 3)
    whole, stopped, other = (grit(35, **options) for _ in range(3))
    show(whole, 0, image_NE, text_NE, num_ranks=2)
    for number, rows_B in enumerate(stopped.batches(0)[:stop]):
        stopped.observe(rows_B, image_NE[rows_B], text_NE[rows_B], for_epoch=1, rank=number % 2)
    other.load_state({name: values.copy() for name, values in stopped.state().items()})
    for number, rows_B in list(enumerate(other.batches(0)))[stop:]:
        other.observe(rows_B, image_NE[rows_B], text_NE[rows_B], for_epoch=1, rank=number % 2)
    expected, found = (order.finish(1, num_ranks=2) for order in (whole, other))
    assert [rows_B.tolist() for rows_B in found] == [rows_B.tolist() for rows_B in expected]


def test_in_the_scope_rank_rows_stay_with_their_process_if_mini_batches_do() -> None:
    image_NE, text_NE = clustered(35, 3)
    order = grit(35, scope="rank", shuffle_scope="rank")
    own = [{row for rows_B in order.batches(0)[rank::2] for row in rows_B.tolist()} for rank in (0, 1)]
    for batches in epochs(order, image_NE, text_NE, num_ranks=2):
        assert [{row for rows_B in batches[rank::2] for row in rows_B.tolist()} for rank in (0, 1)] == own


def test_in_the_scope_global_the_number_of_processes_makes_no_difference() -> None:
    image_NE, text_NE = clustered(35, 3)
    found = [
        [rows_B.tolist() for batches in epochs(grit(35), image_NE, text_NE, num_ranks=number) for rows_B in batches]
        for number in (1, 2, 3)
    ]
    assert found[0] == found[1] == found[2]


def test_epochs_before_the_first_are_shuffled_and_not_observed() -> None:
    order = grit(9, start_epoch=3)
    assert [order.is_observed(epoch) for epoch in range(4)] == [False, False, True, True]
    assert sorted(np.concatenate(order.batches(2)).tolist()) == list(range(9))


def test_features_that_are_not_finite_end_the_training_in_words() -> None:
    with pytest.raises(UserError, match="finite features"):
        grit(9).observe(np.arange(2), *(np.full((2, 3), np.nan, np.float32),) * 2, for_epoch=1, rank=0)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"queue": 13}, "queue 13, search_space 6"),
        ({"search_space": 5, "queue": 10}, "search_space 5, batch_size 2"),
        ({"hardness": 1.5}, "hardness 1.5"),
        ({"start_epoch": 0}, "start_epoch 0"),
        ({"scope": "all"}, "scope all"),
        ({"shuffle_scope": "rank"}, "scope global, shuffle_scope rank"),
        ({"hardnes": 1}, "'hardnes'"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_words(options: dict[str, Any], found: str) -> None:
    with pytest.raises(UserError, match=found):
        grit(9, **options)
