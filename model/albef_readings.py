"""ALBEF's options of a network. Torch-free, as specs are."""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import UserError
from model.plugins import read_options
from model.specs import Network

WHERE = "options of the network albef"


@dataclass(frozen=True, kw_only=True)
class Readings:
    """`image_layers` of the image tower; of the network's layers the last `fusion_layers` fuse, the others read text.

    `embedding_size`: the width in which image and text are compared. `num_candidates`: how many of the most alike are
    scored by fusion in a ranking (ALBEF takes 128 of Flickr30k's 1,000 images). `init`: see `model.initialise`.
    """

    image_layers: int = 12
    fusion_layers: int = 6
    embedding_size: int = 256
    num_candidates: int = 128
    init: str = "bert"


def read(network: Network) -> Readings:
    """Those among a network's options. Raises UserError where one of its two stacks of text would have no layer."""
    readings = read_options(Readings, network.options, where=WHERE)
    if not 0 < readings.fusion_layers < network.num_layers:
        raise UserError(
            expected=f"at least one layer of fusion and one of text among {network.num_layers}",
            found=f"fusion_layers {readings.fusion_layers}",
            where=WHERE,
            way_out="give fewer fusion_layers, or more num_layers",
        )
    return readings
