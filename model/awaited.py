"""Values by number that one thread gives and another waits for, unless everything is over before."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Value = TypeVar("Value")


class GivenUpError(Exception):
    """What was waited for will not come."""


class Awaited(Generic[Value]):
    """The value of the highest number given so far; earlier ones are forgotten."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._given: tuple[int, Value] | None = None
        self._is_over = False

    def give(self, number: int, value: Value) -> None:
        """Give the value of a number."""
        with self._changed:
            self._given = (number, value)
            self._changed.notify_all()

    def take(self, number: int) -> Value:
        """The value of a number, as soon as it is given. Raises GivenUpError after `give_up`."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_over or (self._given is not None and self._given[0] == number))
            if self._given is None or self._given[0] != number:
                raise GivenUpError
            return self._given[1]

    def give_up(self) -> None:
        """End all waiting, for good."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
