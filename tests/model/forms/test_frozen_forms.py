"""k-NN and linear probe on pooled states that were worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from data.errors import UserError
from model import plugins
from model.frozen import Frozen, Pooled
from model.specs import Options


def form(name: str, **options: Any) -> Frozen:
    given: Options = options
    made = plugins.load("forms", name).build(given, network=None, facts=None, num_images=1, num_answers=2, trained={})
    assert isinstance(made, Frozen)
    return made


def pooled(*rows: tuple[float, float, int]) -> Pooled:
    return Pooled(states_ND=torch.tensor([row[:2] for row in rows]), right_N=torch.tensor([row[2] for row in rows]))


# Two rows of 0 along the first axis, one of 1 between the axes and two along the second: lengths do not matter.
TRAIN = pooled((1.0, 0.0, 0), (9.0, 0.1, 0), (2.0, 2.0, 1), (0.0, 1.0, 1), (0.2, 5.0, 1))


def test_the_nearest_by_cosine_vote() -> None:
    test_ND = torch.tensor([[5.0, 0.5], [0.1, 9.0], [1.0, 0.9]])
    one = form("nearest", k=(1,)).answer(TRAIN, TRAIN, test_ND, num_answers=2)
    assert one.probabilities_NA.argmax(1).tolist() == [0, 1, 1]
    three = form("nearest", k=(3,)).answer(TRAIN, TRAIN, test_ND, num_answers=2)
    # Of the third, the nearest is that between the axes, then both along the first.
    torch.testing.assert_close(three.probabilities_NA[2], torch.tensor([2 / 3, 1 / 3]), rtol=0, atol=1e-3)
    assert three.probabilities_NA.argmax(1).tolist() == [0, 1, 0]


def test_of_equally_many_votes_those_of_more_alike_rows_count() -> None:
    train = pooled((1.0, 0.0, 0), (0.0, 1.0, 1))
    judged = form("nearest", k=(2,)).answer(train, train, torch.tensor([[1.0, 0.8], [0.8, 1.0]]), num_answers=2)
    assert judged.probabilities_NA.argmax(1).tolist() == [0, 1]


def test_how_many_neighbours_is_chosen_on_validation_rows_and_more_than_there_are_is_left_out() -> None:
    validation = pooled((1.0, 0.9, 0), (3.0, 0.0, 0))  # by one neighbour the first is wrong, by three it is right
    judged = form("nearest", k=(1, 3, 50)).answer(TRAIN, validation, torch.zeros(1, 2), num_answers=2)
    assert judged.chosen == {"k": 3, "validation": {"1": 50.0, "3": 100.0}}
    few = form("nearest", k=(20,)).answer(TRAIN, validation, torch.zeros(1, 2), num_answers=2)
    assert few.chosen["k"] == 5


def test_a_probe_draws_a_line_and_takes_the_first_of_costs_that_do_equally_well() -> None:
    judged = form("linear_probe", l2=(0.1, 0.01)).answer(
        TRAIN, pooled((4.0, 0.0, 0), (0.0, 4.0, 1)), torch.tensor([[3.0, 0.0], [0.0, 3.0]]), num_answers=2
    )
    assert judged.probabilities_NA.argmax(1).tolist() == [0, 1]
    assert judged.chosen == {"l2": 0.1, "validation": {"0.1": 100.0, "0.01": 100.0}}


def test_training_rows_without_a_possible_answer_are_left_out() -> None:
    rows = pooled((1.0, 0.0, 0), (5.0, 5.0, -1)).answered()
    assert rows.right_N.tolist() == [0]
    assert rows.states_ND.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("name", ["nearest", "linear_probe", "regress"])
def test_an_option_that_there_is_none_of_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="neighbours"):
        form(name, neighbours=3)


def test_a_number_has_one_possible_answer() -> None:
    with pytest.raises(UserError, match="the most that the number may be"):
        plugins.load("forms", "regress").build({}, network=None, facts=None, num_images=0, num_answers=2, trained={})
