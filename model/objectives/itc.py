"""ITC, image-text contrast: of all texts of the batch the image's own, and the other way round (CLIP; ALBEF; GRIT-VLP).

Legend: N rows asked.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from model.contrast import Comparison, Contrastive
from model.facts import Facts
from model.objectives import Objective
from model.specs import Network, Options


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """Options: those of `ContrastSettings`."""
    return Itc(options, where="itc")


class Itc(Contrastive):
    """The mean cross-entropy of both directions."""

    def row_losses(self, compared: Comparison) -> Tensor:
        """The mean of both directions, (N,)."""
        own_N = torch.arange(len(compared.image_to_text_NN), device=compared.image_to_text_NN.device)
        directions = (compared.image_to_text_NN, compared.text_to_image_NN)
        losses = [functional.cross_entropy(logits_NN, own_N, reduction="none") for logits_NN in directions]
        return torch.stack(losses).mean(0)
