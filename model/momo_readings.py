"""MoMo's options of a network. Torch-free, as specs are. Nothing but one shared encoder is the paper's own word."""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import UserError
from model.plugins import read_options
from model.specs import Network

WHERE = "options of the network momo"


@dataclass(frozen=True, kw_only=True)
class Readings:
    """`towers`: one encoder for text, images and both (`shared`, MoMo); or a text tower and an image tower of that same
    shape and `joint_layers` on what both give (`separate`, the control).

    `embedding_size`: the width in which image and text are compared. `num_candidates`: how many of the most alike are
    scored together in a ranking. `init`: see `model.initialise`.
    """

    towers: str = "shared"
    joint_layers: int = 6
    embedding_size: int = 256
    num_candidates: int = 128
    init: str = "bert"


def read(network: Network) -> Readings:
    """Those among a network's options. Raises UserError where nothing would join two towers."""
    readings = read_options(Readings, network.options, where=WHERE)
    if readings.joint_layers < 1:
        raise UserError(
            expected="at least one layer on what two towers give",
            found=f"joint_layers {readings.joint_layers}",
            where=WHERE,
            way_out="leave it out for 6",
        )
    return readings
