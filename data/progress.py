"""How long work says how far it is: a callable `(share in [0, 1], message)`; the caller decides what to do with it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]


def silent(share: float, message: str) -> None:
    """The progress nobody looks at."""
