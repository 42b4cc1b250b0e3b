"""Single: the one stream of an ordinary stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data.errors import UserError
from model.mixings import Turn
from model.plugins import read_options
from model.specs import Options


@dataclass(frozen=True, kw_only=True)
class SingleSettings:
    """The mixing has no options."""


@dataclass(frozen=True, kw_only=True)
class Single:
    """Every update is the stream's."""

    stream: str

    def turns(self, update: int) -> Sequence[Turn]:
        """The stream."""
        return (Turn(stream=self.stream),)

    def positions(self, update: int) -> Mapping[str, int]:
        """All updates."""
        return {self.stream: update}


def build(options: Options, *, streams: Sequence[str], seed: int) -> Single:
    """No options. Raises UserError where there are several streams."""
    read_options(SingleSettings, options, where="mixing single")
    if len(streams) != 1:
        raise UserError(
            expected="one stream, as the mixing is 'single'",
            found=", ".join(streams),
            where="the stage's mixing",
            way_out="give the stage one stream, or mix them: accumulate, alternate or sequence",
        )
    return Single(stream=streams[0])
