"""LXMERT-S: LXMERT's cross-modality layers alone, over word pieces and regions (MSP, section 3; Tan and Bansal 2019).

Where paper, LXMERT and the MSP authors' code disagree there is an option (`model.lxmert_readings`); with 9 text layers
and 5 region layers it is LXMERT.

Legend: B rows, L word pieces, R regions, F features of a region, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from model import lxmert_readings
from model.batch import Output
from model.exercise import Shown
from model.heads import LAYER_NORM_EPS
from model.layers import Dropout
from model.lxmert_readings import Readings
from model.networks import Encoder
from model.specs import Network
from model.text_embeddings import TextEmbeddings
from model.transformer import CrossModalityLayer, SelfAttentionLayer

_TEMPERATURE = 0.07  # where ALBEF's starts; nothing here learns another


def build(network: Network, *, tokens: Sequence[str]) -> LxmertS:
    """The network of a spec, its weights not yet initialised; `tokens` are the vocabulary's entries."""
    return LxmertS(network, lxmert_readings.read(network), tokens)


class LxmertS(Encoder):
    """Embeddings, layers of each modality if any, `num_layers` cross-modality layers, and a pooler."""

    def __init__(self, network: Network, read: Readings, tokens: Sequence[str]) -> None:
        super().__init__()
        width = network.hidden_size
        self.embeddings = TextEmbeddings(network, tokens, positions=read.positions)
        self.vision = VisualFeatureEncoder(network)
        # The released code looks this up in a table of 30522 rows by the id of [CLS], so that one row is ever used.
        self.visual_cls = nn.Embedding(1, network.region_feature_size) if read.visual_cls else None
        self.text_layers = nn.ModuleList(SelfAttentionLayer(network) for _ in range(read.text_layers))
        self.region_layers = nn.ModuleList(SelfAttentionLayer(network) for _ in range(read.region_layers))
        self.layers = nn.ModuleList(CrossModalityLayer(network) for _ in range(network.num_layers))
        self.pooler = nn.Linear(width, width)
        self.visual_pooler = nn.Linear(width, width) if read.pooled == "product" else None
        self._compares_pairs = read.compared == "pair"

    def forward(self, shown: Shown, regions_BRD: Tensor | None = None) -> Output:
        """The hidden states of a batch. The visual [CLS] is not among the regions that leave it."""
        embedded_BLD, words_VD = self.embeddings(shown.text_BL)
        text_BLD = alone_BLD = self._encode_text(embedded_BLD, shown.text_mask_BL)
        if regions_BRD is None:
            regions_BRD = self.embed_regions(shown.regions_BRF, shown.boxes_BR4)
        alone_BRD = regions_BRD
        for layer in self.layers:
            text_BLD, regions_BRD = layer(text_BLD, shown.text_mask_BL, regions_BRD)
        return Output(
            text_BLD=text_BLD,
            regions_BRD=self._without_cls(regions_BRD),
            pooled_BD=self._pooled(text_BLD[:, 0], regions_BRD[:, 0]),
            words_VD=words_VD,
            embedded_BRD=alone_BRD,
            alone=partial(self._compared, alone_BRD, alone_BLD, shown.text_mask_BL),
            temperature=alone_BLD.new_tensor(_TEMPERATURE),
            pool_pairs=partial(self._pool_pairs, alone_BLD, shown.text_mask_BL, alone_BRD),
        )

    def embed_text(self, text_BL: Tensor, text_mask_BL: Tensor) -> Tensor:
        """Word, position and type embeddings, normalised, after the layers of text."""
        return self._encode_text(self.embeddings(text_BL)[0], text_mask_BL)

    def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
        """Feature and box, each projected and normalised, averaged; the visual [CLS] first; after regions' layers."""
        if self.visual_cls is not None:
            cls_B1F = self.visual_cls.weight.expand(len(regions_BRF), 1, -1)
            regions_BRF = torch.cat([cls_B1F, regions_BRF.float()], dim=1)
            whole_B14 = functional.pad(boxes_BR4.new_ones(len(boxes_BR4), 1, 2), (2, 0))  # the box (0, 0, 1, 1)
            boxes_BR4 = torch.cat([whole_B14, boxes_BR4], dim=1)
        embedded_BRD: Tensor = self.vision(regions_BRF, boxes_BR4)
        for layer in self.region_layers:
            embedded_BRD = layer(embedded_BRD)
        return embedded_BRD

    def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        """As `forward`, but the last layer computes what is pooled alone."""
        *first, last = self.layers
        for layer in first:
            text_BLD, regions_BRD = layer(text_BLD, text_mask_BL, regions_BRD)
        assert isinstance(last, CrossModalityLayer)
        word_BD = last.first_word(text_BLD, text_mask_BL, regions_BRD)
        if self.visual_pooler is None:
            return torch.tanh(self.pooler(word_BD))
        return self._pooled(word_BD, last.first_region(text_BLD, text_mask_BL, regions_BRD))

    def repeated(self) -> Iterator[nn.Module]:
        """The layers of text, of regions, and of both."""
        for stack in (self.text_layers, self.region_layers, self.layers):
            yield from stack

    def encoder_parameters(self) -> int:
        """What papers count as "the transformer part": all layers, and the visual feature encoder."""
        return sum(parameter.numel() for part in (*self.repeated(), self.vision) for parameter in part.parameters())

    def _encode_text(self, text_BLD: Tensor, text_mask_BL: Tensor) -> Tensor:
        for layer in self.text_layers:
            text_BLD = layer(text_BLD, text_mask_BL)
        return text_BLD

    def _compared(self, regions_BRD: Tensor, text_BLD: Tensor, text_mask_BL: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors of image and text: nothing teaches the two to be alike. Of pairs, both are both end to end."""
        image_BD = functional.normalize(self._without_cls(regions_BRD).mean(1), dim=-1)
        text_BD = functional.normalize(_mean(text_BLD, text_mask_BL), dim=-1)
        if not self._compares_pairs:
            return image_BD, text_BD
        pair_BE = functional.normalize(torch.cat([image_BD, text_BD], dim=-1), dim=-1)
        return pair_BE, pair_BE

    def _without_cls(self, regions_BRD: Tensor) -> Tensor:
        return regions_BRD if self.visual_cls is None else regions_BRD[:, 1:]

    def _pool_pairs(
        self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor, texts_P: Tensor, images_P: Tensor
    ) -> Tensor:
        return self.pool(text_BLD[texts_P], text_mask_BL[texts_P], regions_BRD[images_P])

    def _pooled(self, word_BD: Tensor, region_BD: Tensor) -> Tensor:
        pooled_BD = torch.tanh(self.pooler(word_BD))
        return pooled_BD if self.visual_pooler is None else pooled_BD * torch.tanh(self.visual_pooler(region_BD))


def _mean(text_BLD: Tensor, text_mask_BL: Tensor) -> Tensor:
    """The mean over word pieces, without padding, (B, D)."""
    is_piece_BL1 = text_mask_BL[:, :, None]
    return (text_BLD * is_piece_BL1).sum(1) / is_piece_BL1.sum(1)


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
