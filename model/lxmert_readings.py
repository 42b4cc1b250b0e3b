"""How LXMERT-S is read: paper, LXMERT and the MSP authors' code disagree on the network. Torch-free, as specs are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data.errors import UserError
from model.plugins import choose, read_options
from model.specs import Network

WHERE = "options of the network lxmert_s"
_POOLED = {"text": "tanh of the text's [CLS]", "product": "that times the same of the visual [CLS]"}
_POSITIONS = {"piece": "one for each word piece", "word": "one for each word"}
_COMPARED = {"modality": "an image with a text", "pair": "image with image and text with text"}


@dataclass(frozen=True, kw_only=True)
class Readings:
    """The options of the network; the defaults are the MSP paper's, `released` is what its authors' code does.

    `text_layers`, `region_layers`: layers of one modality before the cross-modality layers (LXMERT: 9 and 5).
    `visual_cls`: a learnt feature vector before the regions, at the box of the whole image (released).
    `pooled`: `text`, or `product` (released): of the poolers of the text's and the visual [CLS].
    `positions`: `piece`, or `word` (released): see `model.word_positions`.
    `compared`: what is alike where rows are grouped or a negative is looked for. `modality`: an image and a text, by
    the means of what is embedded of each. `pair`: an image with its text and another image with its text.
    `init`: see `model.initialise`.
    """

    text_layers: int = 0
    region_layers: int = 0
    visual_cls: bool = False
    pooled: str = "text"
    positions: str = "piece"
    compared: str = "modality"
    init: str = "bert"

    def __post_init__(self) -> None:
        choose(_POOLED, self.pooled, where=f"{WHERE}, pooled")
        choose(_POSITIONS, self.positions, where=f"{WHERE}, positions")
        choose(_COMPARED, self.compared, where=f"{WHERE}, compared")
        for name in ("text_layers", "region_layers"):
            number = getattr(self, name)
            if type(number) is not int or number < 0:
                raise _refused("a number of layers, 0 or more", f"{name} {number!r}", "give one")
        if type(self.visual_cls) is not bool:
            raise _refused("visual_cls true or false", repr(self.visual_cls), "give one of these")
        if self.pooled == "product" and not self.visual_cls:
            raise _refused(
                "a visual [CLS] where the pooled state is a product with its own",
                "pooled = product without visual_cls",
                "set visual_cls, or leave pooled out",
            )

    def departures(self) -> Mapping[str, object]:
        """What of this LXMERT itself does not have, by option."""
        own = {"visual_cls": self.visual_cls, "pooled": self.pooled, "positions": self.positions}
        usual = Readings()
        return {name: value for name, value in own.items() if value != getattr(usual, name)}


def read(network: Network) -> Readings:
    """The readings among a network's options. Raises UserError where an option or its value is none."""
    return read_options(Readings, network.options, where=WHERE)


def _refused(expected: str, found: str, way_out: str) -> UserError:
    return UserError(expected=expected, found=found, where=WHERE, way_out=way_out)
