"""The vision transformer: patches of an image through pre-LN layers (Dosovitskiy et al. 2021; DeiT's weights fit).

Legend: B rows, R patches, F numbers of a patch (3 x side x side), K patches and the [CLS] before them, D width,
H heads, I inner width.
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


class VisionTransformer(nn.Module):
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

    def forward(self, patches_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
        """The states of [CLS] and patches, (B, K, D); patches from left to right and from top to bottom."""
        embedded_BRD = self.patches(patches_BRF.float())
        if self.boxes is not None:
            embedded_BRD = embedded_BRD + self.boxes(boxes_BR4)
        cls_B1D = self.cls.weight.expand(len(patches_BRF), 1, -1)
        states_BKD = self.dropout(torch.cat([cls_B1D, embedded_BRD], dim=1) + self.positions.weight)
        for layer in self.layers:
            states_BKD = layer(states_BKD)
        normalised_BKD: Tensor = self.norm(states_BKD)
        return normalised_BKD


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

    def forward(self, states_BKD: Tensor) -> Tensor:
        """(B, K, D)."""
        states_BKD = states_BKD + self.dropout(self._attend(self.attention_norm(states_BKD)))
        inner_BKI = functional.gelu(self.inner(self.feed_forward_norm(states_BKD)))
        added_BKD: Tensor = states_BKD + self.dropout(self.outer(inner_BKI))
        return added_BKD

    def _attend(self, states_BKD: Tensor) -> Tensor:
        rows, length, width = states_BKD.shape
        projected = self.query_key_value(states_BKD).view(rows, length, 3, self.num_heads, width // self.num_heads)
        queries_BHKD, keys_BHKD, values_BHKD = projected.permute(2, 0, 3, 1, 4)
        attended_BHKD = layers.attend(
            queries_BHKD,
            keys_BHKD,
            values_BHKD,
            None,
            dropout_rate=self.dropout.rate if self.training else 0.0,
        )
        attended_BKD: Tensor = self.output(attended_BHKD.transpose(1, 2).flatten(2))
        return attended_BKD
