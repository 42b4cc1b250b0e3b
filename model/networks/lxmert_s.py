"""LXMERT-S: LXMERT's cross-modality layers alone, over word pieces and regions (MSP, section 3; Tan and Bansal 2019).

Legend: B rows, L word pieces, R regions, F features of a region, D width, H heads, Q queries, K keys, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from model import layers
from model.batch import Output
from model.exercise import Shown
from model.heads import LAYER_NORM_EPS
from model.layers import Dropout, WordTable
from model.networks import Encoder
from model.specs import Network


def build(network: Network, *, vocabulary_size: int) -> LxmertS:
    """The network of a spec, its weights not yet initialised."""
    return LxmertS(network, vocabulary_size)


class LxmertS(Encoder):
    """Embeddings, `num_layers` cross-modality layers, and a pooler on the [CLS] of the text."""

    def __init__(self, network: Network, vocabulary_size: int) -> None:
        super().__init__()
        self.embeddings = TextEmbeddings(network, vocabulary_size)
        self.vision = VisualFeatureEncoder(network)
        self.layers = nn.ModuleList(CrossModalityLayer(network) for _ in range(network.num_layers))
        self.pooler = nn.Linear(network.hidden_size, network.hidden_size)

    def forward(self, shown: Shown) -> Output:
        """The hidden states of a batch."""
        text_BLD, words_VD = self.embeddings(shown.text_BL)
        regions_BRD = self.embed_regions(shown.regions_BRF, shown.boxes_BR4)
        for layer in self.layers:
            text_BLD, regions_BRD = layer(text_BLD, shown.text_mask_BL, regions_BRD)
        return Output(
            text_BLD=text_BLD,
            regions_BRD=regions_BRD,
            pooled_BD=torch.tanh(self.pooler(text_BLD[:, 0])),
            words_VD=words_VD,
        )

    def embed_text(self, text_BL: Tensor) -> Tensor:
        """Word, position and type embeddings, normalised."""
        embedded_BLD: Tensor = self.embeddings(text_BL)[0]
        return embedded_BLD

    def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
        """Feature and box, each projected and normalised, averaged."""
        embedded_BRD: Tensor = self.vision(regions_BRF, boxes_BR4)
        return embedded_BRD

    def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        """As `forward`, but the last layer computes the [CLS] of the text alone."""
        *first, last = self.layers
        for layer in first:
            text_BLD, regions_BRD = layer(text_BLD, text_mask_BL, regions_BRD)
        assert isinstance(last, CrossModalityLayer)
        return torch.tanh(self.pooler(last.first_word(text_BLD, text_mask_BL, regions_BRD)))

    def encoder_parameters(self) -> int:
        """What papers count as "the transformer part": cross-modality layers and visual feature encoder."""
        return sum(parameter.numel() for part in (self.layers, self.vision) for parameter in part.parameters())


class TextEmbeddings(nn.Module):
    """Word + position + type, layer norm, dropout. There is one type in use; BERT's table has two."""

    def __init__(self, network: Network, vocabulary_size: int) -> None:
        super().__init__()
        self.words = WordTable(vocabulary_size, network.hidden_size)
        self.positions = nn.Embedding(network.max_positions, network.hidden_size)
        self.types = nn.Embedding(2, network.hidden_size)
        self.norm = nn.LayerNorm(network.hidden_size, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(network.dropout_rate)

    def forward(self, text_BL: Tensor) -> tuple[Tensor, Tensor]:
        """What the words are, (B, L, D), and the word table for those who decode with it, (V, D)."""
        words_BLD, table_VD = self.words.look_up(text_BL)
        places_LD = self.positions.weight[: text_BL.shape[1]] + self.types.weight[0]
        return self.dropout(self.norm(words_BLD + places_LD)), table_VD


class VisualFeatureEncoder(nn.Module):
    """(LN(Linear(features)) + LN(Linear(box))) / 2, dropout."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.features = nn.Linear(network.region_feature_size, network.hidden_size)
        self.features_norm = nn.LayerNorm(network.hidden_size, eps=LAYER_NORM_EPS)
        self.boxes = nn.Linear(4, network.hidden_size)
        self.boxes_norm = nn.LayerNorm(network.hidden_size, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(network.dropout_rate)

    def forward(self, regions_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
        """(B, R, D)."""
        features_BRD = self.features_norm(self.features(regions_BRF.float()))
        boxes_BRD = self.boxes_norm(self.boxes(boxes_BR4))
        embedded_BRD: Tensor = self.dropout((features_BRD + boxes_BRD) / 2)
        return embedded_BRD


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
