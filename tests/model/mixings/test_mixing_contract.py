"""What every mixing must do, and what each does, on numbers worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from model import plugins
from model.mixings import Mixing, updates_until

STREAMS = {"single": ("a",)}


def mixing(name: str, streams: tuple[str, ...] | None = None, **options: object) -> Mixing:
    streams = streams or STREAMS.get(name, ("a", "b", "c"))
    found: Mixing = plugins.load("mixings", name).build(options, streams=streams, seed=1)
    return found


@pytest.mark.parametrize("name", plugins.names("mixings"))
def test_positions_are_the_turns_before_an_update(name: str) -> None:
    counts = dict.fromkeys(STREAMS.get(name, ("a", "b", "c")), 0)
    again = mixing(name)
    for update in range(50):
        assert again.positions(update) == counts
        assert mixing(name).positions(update) == counts  # whatever was asked before
        for turn in again.turns(update):
            counts[turn.stream] += 1


@pytest.mark.parametrize("name", plugins.names("mixings"))
@given(num_turns=st.integers(0, 40))
def test_the_first_update_after_so_many_turns_is_found(name: str, num_turns: int) -> None:
    found = updates_until(mixing(name), "a", num_turns)
    assert mixing(name).positions(found)["a"] >= num_turns
    assert found == 0 or mixing(name).positions(found - 1)["a"] < num_turns


@pytest.mark.parametrize("name", plugins.names("mixings"))
def test_an_option_that_it_has_not_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="colour"):
        mixing(name, colour="red")


def test_accumulate_gives_each_stream_its_weight_in_every_update() -> None:
    turns = mixing("accumulate", ("a", "b"), weights={"b": 0.5}).turns(7)
    assert [(turn.stream, turn.weight) for turn in turns] == [("a", 1.0), ("b", 0.5)]


def test_accumulate_as_a_mean_divides_by_the_number_of_streams() -> None:
    turns = mixing("accumulate", ("a", "b"), weights={"b": 0.5}, scaling="mean").turns(0)
    assert [turn.weight for turn in turns] == [0.5, 0.25]


def test_sequence_goes_round_with_an_update_after_each() -> None:
    found = mixing("sequence", ("a", "b", "c"))
    assert [found.turns(update)[0].stream for update in range(5)] == ["a", "b", "c", "a", "b"]
    assert found.positions(5) == {"a": 2, "b": 2, "c": 1}


def test_alternate_draws_streams_as_often_as_their_rates_say() -> None:
    found = mixing("alternate", ("a", "b"), rates={"a": 3, "b": 1})
    assert 0.73 < found.positions(10_000)["a"] / 10_000 < 0.77
    assert all(len(found.turns(update)) == 1 for update in range(100))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("accumulate", {"weights": {"z": 1.0}}, "'z'"),
        ("accumulate", {"weights": {"a": -1.0}}, "a -1.0"),
        ("accumulate", {"weights": {"a": float("nan")}}, "a nan"),
        ("accumulate", {"scaling": "max"}, "'max'"),
        ("alternate", {"rates": {"a": 1.0}}, "b 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        mixing(name, **options)


def test_a_single_stream_cannot_be_two() -> None:
    with pytest.raises(UserError, match="one stream"):
        mixing("single", ("a", "b"))
