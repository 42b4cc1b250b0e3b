"""Parts of heads that several objectives are made of.

Legend: B rows, P places of a row, N things asked, D width of the network, C classes or dimensions predicted,
V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.batch import Output
from model.exercise import Asked

LAYER_NORM_EPS = 1e-12  # BERT's


def at(states_BPD: Tensor, asked: Asked) -> Tensor:
    """The hidden states at the places that are asked for, (N, D)."""
    return states_BPD.flatten(0, 1).index_select(0, asked.places_N)


def gates(output: Output, asked: Asked) -> Tensor:
    """The pooled state of the row of each place that is asked for, (N, D).

    The MSP authors' code multiplies by it what decoders of features and labels get; the paper does not say so.
    """
    return output.pooled_BD.index_select(0, asked.places_N // asked.num_places)


class Transform(nn.Sequential):
    """Linear, GELU, layer norm: what BERT and LXMERT put before every decoder."""

    def __init__(self, width: int) -> None:
        super().__init__(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width, eps=LAYER_NORM_EPS))


class TiedDecoder(nn.Module):
    """Transform, then the network's own word table as decoder, and a bias of its own."""

    def __init__(self, width: int, num_words: int, *, bias: float = 0.0) -> None:
        super().__init__()
        self.transform = Transform(width)
        self.bias = nn.Parameter(torch.full((num_words,), bias))

    def forward(self, states_ND: Tensor, words_VD: Tensor) -> Tensor:
        """Logits over the vocabulary, (N, V)."""
        return functional.linear(self.transform(states_ND), words_VD, self.bias)


def answer_layers(width: int, hidden_size: int, num_outputs: int) -> nn.Sequential:
    """LXMERT's head of a benchmark: two layers, twice as wide in between as the network."""
    return nn.Sequential(
        nn.Linear(width, 2 * hidden_size),
        nn.GELU(),
        nn.LayerNorm(2 * hidden_size, eps=LAYER_NORM_EPS),
        nn.Linear(2 * hidden_size, num_outputs),
    )


class Decoder(nn.Sequential):
    """Transform, then a linear layer."""

    def __init__(self, width: int, num_outputs: int) -> None:
        super().__init__(Transform(width), nn.Linear(width, num_outputs))

    def forward(self, states_ND: Tensor, gates_ND: Tensor | None = None) -> Tensor:
        """(N, C); between the two the states are multiplied by `gates_ND`, if given."""
        transform, linear = self
        predicted_NC: Tensor = linear(gated(transform(states_ND), gates_ND))
        return predicted_NC


def gated(states_ND: Tensor, gates_ND: Tensor | None) -> Tensor:
    """The states times the gates, if there are any."""
    return states_ND if gates_ND is None else states_ND * gates_ND


def _squared_l2(predicted_NC: Tensor, true_NC: Tensor) -> Tensor:
    return (predicted_NC.float() - true_NC.float()).square().mean(1)


def _smooth_l1(predicted_NC: Tensor, true_NC: Tensor) -> Tensor:
    return functional.smooth_l1_loss(predicted_NC.float(), true_NC.float(), reduction="none").mean(1)


Distance = Callable[[Tensor, Tensor], Tensor]
DISTANCES: Mapping[str, Distance] = {"squared_l2": _squared_l2, "smooth_l1": _smooth_l1}
"""The distance between features, (N,), as a mean over dimensions: the MSP paper's, and that of LXMERT's code."""
