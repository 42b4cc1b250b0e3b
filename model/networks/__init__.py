"""Networks, one file each; the folder is the list.

A file defines `build(network, *, tokens) -> Encoder`; `tokens` are the entries of the vocabulary.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from torch import Tensor, nn

from data.errors import UserError
from model.batch import Output
from model.exercise import Shown


class Encoder(nn.Module, ABC):
    """What every network offers: hidden states of a batch, and the parts that scoring many pairs of it needs.

    `num_candidates`: how many images a text is scored with, and texts an image, where a ranking is by what is alike by
    itself first. `reads_alone`: it takes texts without an image (R = 0) and images without a text (L = 0) too.
    Legend: B rows, T texts, I images, L word pieces, R regions, F features of a region, D width,
    E width in which image and text are compared.
    """

    reads_alone: ClassVar[bool] = False
    num_candidates: int = 0

    @abstractmethod
    def forward(self, shown: Shown, regions_BRD: Tensor | None = None) -> Output:
        """The hidden states of text and regions, and the pooled state of each pair.

        `regions_BRD`: what `embed_regions` makes of the regions, where that is known from a showing before.
        """

    @abstractmethod
    def embed_text(self, text_BL: Tensor, text_mask_BL: Tensor) -> Tensor:
        """What a text is before it meets an image, (B, L, D)."""

    @abstractmethod
    def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
        """What the regions of an image are before they meet a text, (B, R, D); features of any kind of float."""

    def image_features(self, regions_IRD: Tensor) -> Tensor | None:
        """What images are by themselves, (I, E), of what `embed_regions` gave: their product with those of texts says
        how alike they are. None where a network has nothing to say of it."""
        return None

    def text_features(self, text_TLD: Tensor, text_mask_TL: Tensor) -> Tensor | None:
        """Likewise what texts are, (T, E), of what `embed_text` gave."""
        return None

    @abstractmethod
    def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        """The pooled state of each pair alone, (B, D): that of `forward`, without what it does not depend on."""

    def towers(self) -> Towers:
        """The part of it that learns to make image and text alike by themselves. Raises UserError where it has none."""
        raise UserError(
            expected="a network that learns to make image and text alike by themselves",
            found=f"{type(self).__name__}, which has no such towers",
            where="an objective with a teacher",
            way_out="use the network albef, or leave that objective out",
        )

    @abstractmethod
    def repeated(self) -> Iterable[nn.Module]:
        """The layers that repeat: what is worth compiling, each kind once."""


class Towers(nn.Module, ABC):
    """What makes `Output.image_BE` and `Output.text_BE` and nothing else, of a network's own weights; E is `size`."""

    size: int

    @abstractmethod
    def forward(self, shown: Shown) -> tuple[Tensor, Tensor]:
        """Both, (B, E)."""
