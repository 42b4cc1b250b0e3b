"""Sequence: the streams by turns, an update after each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model.mixings import Turn, weights_of
from model.plugins import read_options
from model.specs import Options


@dataclass(frozen=True, kw_only=True)
class SequenceSettings:
    """The loss of a stream is multiplied by its weight (1)."""

    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class InSequence:
    """Stream number `update % S` of S."""

    weight_of: Mapping[str, float]

    def turns(self, update: int) -> Sequence[Turn]:
        """One stream."""
        streams = list(self.weight_of)
        stream = streams[update % len(streams)]
        return (Turn(stream=stream, weight=self.weight_of[stream]),)

    def positions(self, update: int) -> Mapping[str, int]:
        """A round of all streams, and how far the last one is."""
        rounds, rest = divmod(update, len(self.weight_of))
        return {stream: rounds + (number < rest) for number, stream in enumerate(self.weight_of)}


def build(options: Options, *, streams: Sequence[str], seed: int) -> InSequence:
    """Streams in their order."""
    settings = read_options(SequenceSettings, options, where="mixing sequence")
    return InSequence(weight_of=weights_of(streams, settings.weights, scaling="sum", where="mixing sequence"))
