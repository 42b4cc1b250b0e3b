"""Alternate: each update is one stream's, drawn by chance (FLAVA's way)."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data import draws
from data.errors import UserError
from model.mixings import Turn, hold_known
from model.plugins import read_options
from model.specs import Options

_BLOCK = 1 << 12  # updates that are drawn at once


@dataclass(frozen=True, kw_only=True)
class AlternateSettings:
    """How often each stream is drawn, as shares of their sum; all alike where none is given."""

    rates: Mapping[str, float] = field(default_factory=dict)


class Alternate:
    """The stream of an update rests on (seed, update)."""

    def __init__(self, rates: Mapping[str, float], *, seed: int) -> None:
        self._streams = tuple(rates)
        self._ends_S = np.cumsum(np.array([*rates.values()], np.float64)) / sum(rates.values())
        self._seed = seed
        self._counts = [np.zeros(len(rates), np.int64)]  # of all blocks before each block

    def turns(self, update: int) -> Sequence[Turn]:
        """One stream."""
        block, place = divmod(update, _BLOCK)
        return (Turn(stream=self._streams[int(self._drawn(block)[place])]),)

    def positions(self, update: int) -> Mapping[str, int]:
        """How often each stream was drawn."""
        block, place = divmod(update, _BLOCK)
        while len(self._counts) <= block:
            self._counts.append(self._counts[-1] + self._counted(self._drawn(len(self._counts) - 1)))
        counts_S = self._counts[block] + self._counted(self._drawn(block)[:place])
        return dict(zip(self._streams, counts_S.tolist(), strict=True))

    def _counted(self, drawn: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.bincount(drawn, minlength=len(self._streams))

    @functools.lru_cache(maxsize=8)  # noqa: B019  # lives as long as the stage
    def _drawn(self, block: int) -> NDArray[np.int64]:
        keys = np.arange(block * _BLOCK, (block + 1) * _BLOCK, dtype=np.uint64)
        return np.searchsorted(self._ends_S, draws.uniform(self._seed, 0, keys, "alternate")[:, 0], side="right")


def build(options: Options, *, streams: Sequence[str], seed: int) -> Alternate:
    """Raises UserError where a stream is never drawn."""
    settings = read_options(AlternateSettings, options, where="mixing alternate")
    hold_known(streams, settings.rates, where="mixing alternate, rates")
    rates = {stream: settings.rates.get(stream, 0.0 if settings.rates else 1.0) for stream in streams}
    if min(rates.values()) <= 0:
        raise UserError(
            expected="a rate above 0 for every stream",
            found=", ".join(f"{stream} {rate:g}" for stream, rate in rates.items()),
            where="mixing alternate, rates",
            way_out="give each stream a rate, or leave it out of the stage",
        )
    return Alternate(rates, seed=seed)
