"""The layers of BERT and LXMERT: attention, feed-forward, and what is made of them (post-LN).

Legend: B rows, L word pieces, R regions, D width, H heads, Q queries, K keys, I inner width.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from model import layers
from model.heads import LAYER_NORM_EPS
from model.layers import Dropout
from model.specs import Network


class SelfAttentionLayer(nn.Module):
    """BERT's layer: self-attention and feed-forward of one modality."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.attention = Attention(network)
        self.feed_forward = FeedForward(network)

    def forward(self, states_BKD: Tensor, mask_BK: Tensor | None = None) -> Tensor:
        """(B, K, D); attends where `mask_BK` is True (None: everywhere)."""
        states: Tensor = self.feed_forward(self.attention(states_BKD, states_BKD, mask_BK))
        return states


class CrossModalityLayer(nn.Module):
    """One cross-attention for both directions, then self-attention and feed-forward of each modality."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.cross_attention = Attention(network)
        self.text_attention = Attention(network)
        self.text_feed_forward = FeedForward(network)
        self.regions_attention = Attention(network)
        self.regions_feed_forward = FeedForward(network)

    def forward(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> tuple[Tensor, Tensor]:
        """Text and regions after the layer. Both directions of the cross-attention read the layer's own input."""
        crossed_text_BLD = self.cross_attention(text_BLD, regions_BRD)
        crossed_regions_BRD = self.cross_attention(regions_BRD, text_BLD, text_mask_BL)
        attended_BLD = self.text_attention(crossed_text_BLD, crossed_text_BLD, text_mask_BL)
        attended_BRD = self.regions_attention(crossed_regions_BRD, crossed_regions_BRD)
        return self.text_feed_forward(attended_BLD), self.regions_feed_forward(attended_BRD)

    def first_word(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        """The first word piece after the layer, (B, D), and nothing else."""
        crossed_BLD = self.cross_attention(text_BLD, regions_BRD)
        attended_B1D = self.text_attention(crossed_BLD[:, :1], crossed_BLD, text_mask_BL)
        first_B1D: Tensor = self.text_feed_forward(attended_B1D)
        return first_B1D[:, 0]

    def first_region(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        """The first region after the layer, (B, D), and nothing else."""
        crossed_BRD = self.cross_attention(regions_BRD, text_BLD, text_mask_BL)
        attended_B1D = self.regions_attention(crossed_BRD[:, :1], crossed_BRD)
        first_B1D: Tensor = self.regions_feed_forward(attended_B1D)
        return first_B1D[:, 0]


class Attention(nn.Module):
    """Multi-head attention with the residual and the layer norm after it."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        width = network.hidden_size
        self.num_heads = network.num_heads
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.dropout = Dropout(network.dropout_rate)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)

    def forward(self, queries_BQD: Tensor, context_BKD: Tensor, mask_BK: Tensor | None = None) -> Tensor:
        """`queries_BQD` after attending to `context_BKD` where `mask_BK` is True (None: everywhere), (B, Q, D)."""
        attended_BHQD = layers.attend(
            self._heads(self.query(queries_BQD)),
            self._heads(self.key(context_BKD)),
            self._heads(self.value(context_BKD)),
            mask_BK,
            dropout_rate=self.dropout.rate if self.training else 0.0,
        )
        attended_BQD = self.output(attended_BHQD.transpose(1, 2).flatten(2))
        return add_and_norm(self, attended_BQD, queries_BQD)

    def _heads(self, states_BKD: Tensor) -> Tensor:
        rows, length, width = states_BKD.shape
        return states_BKD.view(rows, length, self.num_heads, width // self.num_heads).transpose(1, 2)


class FeedForward(nn.Module):
    """Linear, GELU (erf), Linear, with the residual and the layer norm after it."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.inner = nn.Linear(network.hidden_size, network.intermediate_size)
        self.outer = nn.Linear(network.intermediate_size, network.hidden_size)
        self.dropout = Dropout(network.dropout_rate)
        self.norm = nn.LayerNorm(network.hidden_size, eps=LAYER_NORM_EPS)

    def forward(self, states_BKD: Tensor) -> Tensor:
        """(B, K, D)."""
        inner_BKI = functional.gelu(self.inner(states_BKD))
        return add_and_norm(self, self.outer(inner_BKI), states_BKD)


def add_and_norm(sublayer: Attention | FeedForward, made_BKD: Tensor, states_BKD: Tensor) -> Tensor:
    """The end of every sublayer: what it made of the states, dropout, the states themselves, layer norm (post-LN)."""
    normalised_BKD: Tensor = sublayer.norm(sublayer.dropout(made_BKD) + states_BKD)
    return normalised_BKD
