"""Consistency of the two contrastive directions: each predicts what the other does (GRIT-VLP, section 3.3).

The mean of two cross-entropies whose targets are held fixed, so that its gradients are those of the divergences. The
paper's weight beside ITC is 0.2. Legend: N rows asked.
"""

from __future__ import annotations

import torch
from torch import Tensor

from model.contrast import Comparison, Contrastive
from model.facts import Facts
from model.objectives import Objective
from model.specs import Network, Options


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """Options: those of `ContrastSettings`; they should be ITC's."""
    return Consistency(options, where="consistency")


class Consistency(Contrastive):
    """The mean of both directions."""

    def row_losses(self, compared: Comparison) -> Tensor:
        """Of each row, (N,)."""
        images_NN, texts_NN = compared.image_to_text_NN, compared.text_to_image_NN
        return torch.stack([_cross_entropy(images_NN, texts_NN), _cross_entropy(texts_NN, images_NN)]).mean(0)


def _cross_entropy(logits_NN: Tensor, targets_NN: Tensor) -> Tensor:
    """Of the softmax of each row with the other's, which gets no gradient, (N,). What is left out counts nothing."""
    log_shares_NN = logits_NN.log_softmax(1).masked_fill(logits_NN == -torch.inf, 0.0)
    return -(targets_NN.detach().softmax(1) * log_shares_NN).sum(1)
