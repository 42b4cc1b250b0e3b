"""The vision transformer: patches of an image through pre-LN layers (Dosovitskiy et al. 2021; DeiT's weights fit).

Legend: B rows, R patches, F numbers of a patch (3 x side x side), K patches and the [CLS] before them (or
whatever else is encoded), Q of them that are asked for, D width, H heads, I inner width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from model import layers
from model.layers import Dropout
from model.specs import Network

_BOX = 4
_EPS = 1e-6  # of its layer norms, unlike BERT's


class Encoding(nn.Module):
    """Pre-LN layers and the layer norm after them, which who derives from it makes."""

    layers: nn.ModuleList
    norm: nn.LayerNorm

    def encode(self, states_BKD: Tensor, mask_BK: Tensor | None = None) -> Tensor:
        """The states after all layers, (B, K, D), which attend where `mask_BK` is True (None: everywhere)."""
        for layer in self.layers:
            states_BKD = layer(states_BKD, mask_BK)
        normalised_BKD: Tensor = self.norm(states_BKD)
        return normalised_BKD

    def encode_first(self, states_BKD: Tensor, mask_BK: Tensor | None = None) -> Tensor:
        """The first state alone as `encode` has it, (B, D): the last layer computes nothing else."""
        *first, last = self.layers
        for layer in first:
            states_BKD = layer(states_BKD, mask_BK)
        assert isinstance(last, PreNormLayer)
        normalised_B1D: Tensor = self.norm(last(states_BKD, mask_BK, num_queries=1))
        return normalised_B1D[:, 0]


class Layers(Encoding):
    """`num_layers` of them, for whatever was embedded elsewhere."""

    def __init__(self, network: Network, *, num_layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(PreNormLayer(network) for _ in range(num_layers))
        self.norm = nn.LayerNorm(network.hidden_size, eps=_EPS)


class VisionTransformer(Encoding):
    """Patches and positions, `num_layers` layers, and a layer norm at the end.

    A network that sees a detector's regions has them in place of patches: their position is their rank, and their boxes
    are added.
    """

    def __init__(self, network: Network, *, num_layers: int) -> None:
        super().__init__()
        width = network.hidden_size
        self.patches = nn.Linear(network.region_feature_size, width)
        self.cls = nn.Embedding(1, width)
        self.positions = nn.Embedding(network.num_regions + 1, width)
        self.boxes = nn.Linear(_BOX, width) if network.images == "regions" else None
        self.dropout = Dropout(network.dropout_rate)
        self.layers = nn.ModuleList(PreNormLayer(network) for _ in range(num_layers))
        self.norm = nn.LayerNorm(width, eps=_EPS)

    def forward(self, patches_BRF: Tensor, boxes_BR4: Tensor, places_BR: Tensor | None = None) -> Tensor:
        """The states of [CLS] and patches, (B, K, D); see `embed`."""
        return self.encode(self.embed(patches_BRF, boxes_BR4, places_BR))

    def embed(self, patches_BRF: Tensor, boxes_BR4: Tensor, places_BR: Tensor | None = None) -> Tensor:
        """[CLS] and patches before any layer, (B, K, D); patches from left to right and from top to bottom.

        `places_BR` says which of a picture's patches they are; None: all. Where there is no patch there is [CLS] alone.
        """
        first_11D = self.cls.weight[None] + self.positions.weight[:1]
        first_B1D = first_11D.expand(len(patches_BRF), -1, -1)
        states_BKD: Tensor = self.dropout(
            torch.cat([first_B1D, self._embed_patches(patches_BRF, boxes_BR4, places_BR)], dim=1)
            if patches_BRF.shape[1]
            else first_B1D
        )
        return states_BKD

    def _embed_patches(self, patches_BRF: Tensor, boxes_BR4: Tensor, places_BR: Tensor | None) -> Tensor:
        embedded_BRD: Tensor = self.patches(patches_BRF.float())
        if self.boxes is not None:
            embedded_BRD = embedded_BRD + self.boxes(boxes_BR4)
        positions = self.positions.weight[1:] if places_BR is None else self.positions(places_BR + 1)
        return embedded_BRD + positions


class PreNormLayer(nn.Module):
    """Self-attention and feed-forward, each of what a layer norm makes of the states, and added to them."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        width = network.hidden_size
        self.num_heads = network.num_heads
        self.attention_norm = nn.LayerNorm(width, eps=_EPS)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width, eps=_EPS)
        self.inner = nn.Linear(width, network.intermediate_size)
        self.outer = nn.Linear(network.intermediate_size, width)
        self.dropout = Dropout(network.dropout_rate)

    def forward(self, states_BKD: Tensor, mask_BK: Tensor | None = None, *, num_queries: int | None = None) -> Tensor:
        """(B, K, D); attends where `mask_BK` is True (None: everywhere). `num_queries`: the first states alone."""
        attended_BQD = self._attend(self.attention_norm(states_BKD), mask_BK, num_queries)
        states_BQD = states_BKD[:, :num_queries] + self.dropout(attended_BQD)
        inner_BQI = functional.gelu(self.inner(self.feed_forward_norm(states_BQD)))
        added_BQD: Tensor = states_BQD + self.dropout(self.outer(inner_BQI))
        return added_BQD

    def _attend(self, states_BKD: Tensor, mask_BK: Tensor | None, num_queries: int | None) -> Tensor:
        rows, length, width = states_BKD.shape
        projected = self.query_key_value(states_BKD).view(rows, length, 3, self.num_heads, width // self.num_heads)
        queries_BHKD, keys_BHKD, values_BHKD = projected.permute(2, 0, 3, 1, 4)
        attended_BHQD = layers.attend(
            queries_BHKD[:, :, :num_queries],
            keys_BHKD,
            values_BHKD,
            mask_BK,
            dropout_rate=self.dropout.rate if self.training else 0.0,
        )
        attended_BQD: Tensor = self.output(attended_BHQD.transpose(1, 2).flatten(2))
        return attended_BQD
