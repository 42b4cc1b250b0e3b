"""How several streams share updates, one file each; the folder is the list.

A file defines `build(options, *, streams, seed) -> Mixing`. What an update holds rests on its number alone, so that
training goes on at any update without a state; a checkpoint has the positions of all streams, and they are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from data.errors import UserError

Scaling = Literal["sum", "mean"]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A stream in an update, and what its loss is multiplied by before its gradients are added."""

    stream: str
    weight: float = 1.0


class Mixing(Protocol):
    """Which streams take part in which update."""

    def turns(self, update: int) -> Sequence[Turn]:
        """Those of update `update`, from 0: one update of the weights after all of them."""
        ...

    def positions(self, update: int) -> Mapping[str, int]:
        """In how many updates before that one each stream took part."""
        ...


def updates_until(mixing: Mixing, stream: str, num_turns: int) -> int:
    """The number of updates after which a stream has had that many turns."""
    high = 1
    while mixing.positions(high)[stream] < num_turns:
        high *= 2
    low = 0
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if mixing.positions(middle)[stream] >= num_turns else (middle + 1, high)
    return low


def weights_of(streams: Sequence[str], given: Mapping[str, float], *, scaling: Scaling, where: str) -> dict[str, float]:
    """The weight of each stream: 1 where none is given, all divided by their number if `scaling` is `mean`."""
    hold_known(streams, given, where=f"{where}, weights")
    if scaling not in get_args(Scaling):
        raise UserError(
            expected=f"one of {', '.join(get_args(Scaling))}",
            found=repr(scaling),
            where=f"{where}, scaling",
            way_out="choose one of these",
        )
    share = 1.0 if scaling == "sum" else 1.0 / len(streams)
    return {stream: given.get(stream, 1.0) * share for stream in streams}


def hold_known(streams: Sequence[str], given: Mapping[str, float], *, where: str) -> None:
    """Raise UserError where a name is none of the streams', or a number is negative or not finite."""
    unknown = sorted(set(given) - set(streams))
    bad = sorted(name for name, value in given.items() if not 0 <= value < float("inf"))
    if unknown or bad:
        raise UserError(
            expected=f"numbers from 0 by the names of streams: {', '.join(streams)}",
            found=f"{unknown[0]!r}" if unknown else f"{bad[0]} {given[bad[0]]}",
            where=where,
            way_out="correct it",
        )
