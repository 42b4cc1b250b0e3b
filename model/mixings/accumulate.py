"""Accumulate: every update takes the gradients of all streams (MoMo's way)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model.mixings import Scaling, Turn, weights_of
from model.plugins import read_options
from model.specs import Options


@dataclass(frozen=True, kw_only=True)
class AccumulateSettings:
    """The loss is the sum of the streams' losses, each times its weight (1), or their mean."""

    weights: Mapping[str, float] = field(default_factory=dict)
    scaling: Scaling = "sum"


@dataclass(frozen=True, kw_only=True)
class Accumulate:
    """Each stream has a turn in each update."""

    weight_of: Mapping[str, float]

    def turns(self, update: int) -> Sequence[Turn]:
        """All streams."""
        return [Turn(stream=stream, weight=weight) for stream, weight in self.weight_of.items()]

    def positions(self, update: int) -> Mapping[str, int]:
        """All updates."""
        return dict.fromkeys(self.weight_of, update)


def build(options: Options, *, streams: Sequence[str], seed: int) -> Accumulate:
    """Streams in their order."""
    settings = read_options(AccumulateSettings, options, where="mixing accumulate")
    where = "mixing accumulate"
    return Accumulate(weight_of=weights_of(streams, settings.weights, scaling=settings.scaling, where=where))
