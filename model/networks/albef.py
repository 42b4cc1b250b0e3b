"""ALBEF: an image tower, a text tower, and fusion layers in which the text looks at the image (Li et al. 2021).

GRIT-VLP trains the same network. Regions are the patches of a picture, from left to right and from top to bottom, or a
detector's (`Network.images`).
Legend: B rows, L word pieces, R patches, F numbers of a patch, K patches and the [CLS] before them, D width,
E width in which image and text are compared, P pairs, V vocabulary, T texts, I images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from model import albef_readings
from model.albef_readings import Readings
from model.batch import Output
from model.exercise import Shown
from model.networks import Encoder, Towers
from model.specs import Network
from model.text_embeddings import TextEmbeddings
from model.transformer import Attention, FeedForward, SelfAttentionLayer
from model.vit import VisionTransformer

_FIRST_TEMPERATURE = 0.07
_TEMPERATURES = (0.001, 0.5)


def build(network: Network, *, tokens: Sequence[str]) -> Albef:
    """The network of a spec, its weights not yet initialised. Raises UserError."""
    return Albef(network, albef_readings.read(network), tokens)


class Albef(Encoder):
    """Two towers and what joins them. The temperature of comparisons is learnt with it."""

    def __init__(self, network: Network, readings: Readings, tokens: Sequence[str]) -> None:
        super().__init__()
        num_text_layers = network.num_layers - readings.fusion_layers
        self.vision = VisionTransformer(network, num_layers=readings.image_layers)
        self.embeddings = TextEmbeddings(network, tokens, positions="piece")
        self.text_layers = nn.ModuleList(SelfAttentionLayer(network) for _ in range(num_text_layers))
        self.fusion_layers = nn.ModuleList(FusionLayer(network) for _ in range(readings.fusion_layers))
        self.image_projection = nn.Linear(network.hidden_size, readings.embedding_size)
        self.text_projection = nn.Linear(network.hidden_size, readings.embedding_size)
        self.num_candidates = readings.num_candidates
        self.temperature = nn.Parameter(torch.tensor([_FIRST_TEMPERATURE]))  # of one number: files keep no scalars

    def forward(self, shown: Shown, regions_BRD: Tensor | None = None) -> Output:
        """The hidden states of a batch: of the text after fusion, of the patches before it."""
        image_BKD = _seen(self.vision, shown) if regions_BRD is None else regions_BRD
        embedded_BLD, words_VD = self.embeddings(shown.text_BL)
        text_BLD = _read(self.text_layers, embedded_BLD, shown.text_mask_BL)
        fused_BLD = text_BLD
        for layer in self.fusion_layers:
            fused_BLD = layer(fused_BLD, shown.text_mask_BL, image_BKD)
        return Output(
            text_BLD=fused_BLD,
            regions_BRD=image_BKD[:, 1:],
            pooled_BD=fused_BLD[:, 0],
            words_VD=words_VD,
            embedded_BRD=image_BKD,
            alone=lambda: (self.image_features(image_BKD), self.text_features(text_BLD, shown.text_mask_BL)),
            temperature=self.temperature.clamp(*_TEMPERATURES),
            pool_pairs=partial(self._pool_pairs, text_BLD, shown.text_mask_BL, image_BKD),
        )

    def embed_text(self, text_BL: Tensor, text_mask_BL: Tensor) -> Tensor:
        """The text tower's states."""
        return _read(self.text_layers, self.embeddings(text_BL)[0], text_mask_BL)

    def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
        """The image tower's states, [CLS] first, (B, K, D); where patches lie is known by their order."""
        states_BKD: Tensor = self.vision(regions_BRF, boxes_BR4)
        return states_BKD

    def image_features(self, regions_IRD: Tensor) -> Tensor:
        """What the contrastive objectives teach, of the image tower's states."""
        return _compared(self.image_projection, regions_IRD)

    def text_features(self, text_TLD: Tensor, text_mask_TL: Tensor) -> Tensor:
        """Likewise of the text tower's states."""
        return _compared(self.text_projection, text_TLD)

    def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        """The fused [CLS] of the text, of which the last layer computes nothing else."""
        *first, last = self.fusion_layers
        for layer in first:
            text_BLD = layer(text_BLD, text_mask_BL, regions_BRD)
        assert isinstance(last, FusionLayer)
        return last.first_word(text_BLD, text_mask_BL, regions_BRD)

    def towers(self) -> AlbefTowers:
        """Both, without fusion."""
        return AlbefTowers(self)

    def repeated(self) -> Iterator[nn.Module]:
        """The layers of all three parts."""
        yield from self.vision.layers
        yield from self.text_layers
        yield from self.fusion_layers

    def _pool_pairs(
        self, text_BLD: Tensor, text_mask_BL: Tensor, image_BKD: Tensor, texts_P: Tensor, images_P: Tensor
    ) -> Tensor:
        return self.pool(text_BLD[texts_P], text_mask_BL[texts_P], image_BKD[images_P])


class AlbefTowers(Towers):
    """The image tower and the text tower, each with its projection."""

    def __init__(self, albef: Albef) -> None:
        super().__init__()
        self.vision, self.image_projection = albef.vision, albef.image_projection
        self.embeddings, self.text_layers = albef.embeddings, albef.text_layers
        self.text_projection = albef.text_projection
        self.size = self.text_projection.out_features

    def forward(self, shown: Shown) -> tuple[Tensor, Tensor]:
        """Image and text, (B, E)."""
        text_BLD = _read(self.text_layers, self.embeddings(shown.text_BL)[0], shown.text_mask_BL)
        image_BE = _compared(self.image_projection, _seen(self.vision, shown))
        return image_BE, _compared(self.text_projection, text_BLD)


def _seen(vision: VisionTransformer, shown: Shown) -> Tensor:
    states_BKD: Tensor = vision(shown.regions_BRF, shown.boxes_BR4, shown.places_BR)
    return states_BKD


def _read(layers: nn.ModuleList, embedded_BLD: Tensor, text_mask_BL: Tensor) -> Tensor:
    for layer in layers:
        embedded_BLD = layer(embedded_BLD, text_mask_BL)
    return embedded_BLD


def _compared(projection: nn.Linear, states_BKD: Tensor) -> Tensor:
    """What [CLS] is to be compared by, of length 1, (B, E)."""
    return functional.normalize(projection(states_BKD[:, 0]).float(), dim=-1)


class FusionLayer(nn.Module):
    """BERT's layer with attention to the image between its two halves."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.attention = Attention(network)
        self.cross_attention = Attention(network)
        self.feed_forward = FeedForward(network)

    def forward(self, text_BLD: Tensor, text_mask_BL: Tensor, image_BKD: Tensor) -> Tensor:
        """(B, L, D)."""
        attended_BLD = self.attention(text_BLD, text_BLD, text_mask_BL)
        fused_BLD: Tensor = self.feed_forward(self.cross_attention(attended_BLD, image_BKD))
        return fused_BLD

    def first_word(self, text_BLD: Tensor, text_mask_BL: Tensor, image_BKD: Tensor) -> Tensor:
        """The first word piece after the layer, (B, D), and nothing else."""
        attended_B1D = self.attention(text_BLD[:, :1], text_BLD, text_mask_BL)
        first_B1D: Tensor = self.feed_forward(self.cross_attention(attended_B1D, image_BKD))
        return first_B1D[:, 0]
