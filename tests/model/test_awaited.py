"""Values that one thread waits for."""

from __future__ import annotations

import threading

import pytest

from model.awaited import Awaited, GivenUpError


def test_who_waits_for_a_number_gets_its_value_when_it_is_given() -> None:
    awaited: Awaited[str] = Awaited()
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(awaited.take(2)))
    awaited.give(1, "one")
    thread.start()
    assert found == []
    awaited.give(2, "two")
    thread.join(10)
    assert found == ["two"]
    assert awaited.take(2) == "two"


def test_nobody_waits_once_it_is_given_up() -> None:
    awaited: Awaited[str] = Awaited()
    awaited.give(1, "one")
    awaited.give_up()
    assert awaited.take(1) == "one"
    with pytest.raises(GivenUpError):
        awaited.take(2)
