"""MoMo: one transformer for text, for images, and for both (Chada, Zheng and Natarajan 2023).

It is a vision transformer whose layers read words too: [CLS], patches if there are any, words if there are any. That
all layers are shared is the paper's own word; the rest is our reconstruction (docs/momo.md).
Legend: B rows, L word pieces, R patches, F numbers of a patch, K patches and the [CLS] before them, S states: K and
L, D width, E width in which image and text are compared, P pairs, V vocabulary, T texts, I images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from model import momo_readings
from model.batch import Output
from model.exercise import Shown
from model.momo_readings import WHERE, Readings
from model.networks import Encoder
from model.plugins import choose
from model.specs import Network
from model.text_embeddings import TextEmbeddings
from model.vit import Layers, VisionTransformer

_FIRST_TEMPERATURE = 0.07
_TEMPERATURES = (0.001, 0.5)
_WORDS, _PATCHES = 0, 1


def build(network: Network, *, tokens: Sequence[str]) -> Momo:
    """The network of a spec, its weights not yet initialised. Raises UserError."""
    readings = momo_readings.read(network)
    return choose(_TOWERS, readings.towers, where=f"{WHERE}, towers")(network, readings, tokens)


class Momo(Encoder):
    """Embeddings of words and patches, with what says which is which, and the layers of `vision` for all of them.

    What text and image are by themselves takes a pass of each alone, made where it is asked for. The temperature of
    comparisons is learnt.
    """

    reads_alone: ClassVar[bool] = True

    def __init__(self, network: Network, readings: Readings, tokens: Sequence[str]) -> None:
        super().__init__()
        width = network.hidden_size
        self.embeddings = TextEmbeddings(network, tokens, positions="piece")
        self.vision = VisionTransformer(network, num_layers=network.num_layers)
        self.modalities = nn.Embedding(2, width)
        self.image_projection = nn.Linear(width, readings.embedding_size)
        self.text_projection = nn.Linear(width, readings.embedding_size)
        self.num_candidates = readings.num_candidates
        self.temperature = nn.Parameter(torch.tensor([_FIRST_TEMPERATURE]))  # of one number: files keep no scalars

    def forward(self, shown: Shown, regions_BRD: Tensor | None = None) -> Output:
        """The hidden states of a batch, whatever it shows."""
        image_BKD = self._read_patches(shown) if regions_BRD is None else regions_BRD
        text_BLD, words_VD = self._read_words(shown.text_BL, shown.text_mask_BL)
        cls_BD, patches_BRD, read_BLD = self._join(text_BLD, shown.text_mask_BL, image_BKD)
        return Output(
            text_BLD=read_BLD,
            regions_BRD=patches_BRD,
            pooled_BD=cls_BD,
            words_VD=words_VD,
            embedded_BRD=image_BKD,
            alone=lambda: (self.image_features(image_BKD), self.text_features(text_BLD, shown.text_mask_BL)),
            temperature=self.temperature.clamp(*_TEMPERATURES),
            pool_pairs=partial(self._pool_pairs, text_BLD, shown.text_mask_BL, image_BKD),
        )

    def embed_text(self, text_BL: Tensor, text_mask_BL: Tensor) -> Tensor:
        """Words before any layer."""
        return self._read_words(text_BL, text_mask_BL)[0]

    def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor, places_BR: Tensor | None = None) -> Tensor:
        """Patches before any layer, [CLS] first, (B, K, D)."""
        states_BKD = self.vision.embed(regions_BRF, boxes_BR4, places_BR)
        kind_RD = self.modalities.weight[_PATCHES].expand(states_BKD.shape[1] - 1, -1)
        return states_BKD + functional.pad(kind_RD, (0, 0, 1, 0))

    def image_features(self, regions_IRD: Tensor) -> Tensor:
        """What the encoder makes of images alone."""
        return _unit(self.image_projection(self.vision.encode_first(regions_IRD)))

    def text_features(self, text_TLD: Tensor, text_mask_TL: Tensor) -> Tensor:
        """What the same encoder makes of texts alone."""
        states_TSD, mask_TS = _beside(self._cls(len(text_TLD)), text_TLD, text_mask_TL)
        return _unit(self.text_projection(self.vision.encode_first(states_TSD, mask_TS)))

    def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        """The [CLS] of both together."""
        return self.vision.encode_first(*_beside(regions_BRD, text_BLD, text_mask_BL))

    def repeated(self) -> Iterator[nn.Module]:
        """The layers."""
        yield from self.vision.layers

    def _join(self, text_BLD: Tensor, text_mask_BL: Tensor, image_BKD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The hidden states of [CLS], of patches and of words, of what `_read_words` and `_read_patches` gave."""
        states_BSD = self.vision.encode(*_beside(image_BKD, text_BLD, text_mask_BL))
        num_first = image_BKD.shape[1]
        return states_BSD[:, 0], states_BSD[:, 1:num_first], states_BSD[:, num_first:]

    def _read_patches(self, shown: Shown) -> Tensor:
        return self.embed_regions(shown.regions_BRF, shown.boxes_BR4, shown.places_BR)

    def _read_words(self, text_BL: Tensor, text_mask_BL: Tensor) -> tuple[Tensor, Tensor]:
        """Words before any layer, and the table that decoders use. Of no words nothing is looked up, nor learnt."""
        table_VD = self.embeddings.words.weight
        if text_BL.shape[1] == 0:
            return table_VD.new_empty(*text_BL.shape, table_VD.shape[1]), table_VD
        text_BLD, words_VD = self.embeddings(text_BL)
        return text_BLD + self.modalities.weight[_WORDS], words_VD

    def _cls(self, num_rows: int) -> Tensor:
        """[CLS] with nothing beside it, (B, 1, D)."""
        nothing_B0F = self.temperature.new_empty(num_rows, 0, 1)
        return self.vision.embed(nothing_B0F, nothing_B0F)

    def _pool_pairs(
        self, text_BLD: Tensor, text_mask_BL: Tensor, image_BKD: Tensor, texts_P: Tensor, images_P: Tensor
    ) -> Tensor:
        return self.pool(text_BLD[texts_P], text_mask_BL[texts_P], image_BKD[images_P])


class SeparateTowers(Momo):
    """The control: words have layers of their own, patches those of `vision`, and pairs go through `joint` after that.

    What is alone stays in its own tower, as FLAVA's does. A text's states begin with a [CLS] of its own here, which is
    the pair's too; of nothing there is no state.
    """

    def __init__(self, network: Network, readings: Readings, tokens: Sequence[str]) -> None:
        super().__init__(network, readings, tokens)
        self.text_cls = nn.Embedding(1, network.hidden_size)
        self.text_tower = Layers(network, num_layers=network.num_layers)
        self.joint = Layers(network, num_layers=readings.joint_layers)

    def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor, places_BR: Tensor | None = None) -> Tensor:
        """The image tower's states, [CLS] first, (B, K, D)."""
        embedded_BKD = super().embed_regions(regions_BRF, boxes_BR4, places_BR)
        return self.vision.encode(embedded_BKD) if regions_BRF.shape[1] else embedded_BKD[:, :0]

    def image_features(self, regions_IRD: Tensor) -> Tensor:
        """Of the image tower's [CLS]."""
        return _unit(self.image_projection(regions_IRD[:, 0]))

    def text_features(self, text_TLD: Tensor, text_mask_TL: Tensor) -> Tensor:
        """Of the text tower's."""
        return _unit(self.text_projection(text_TLD[:, 0]))

    def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        """The [CLS] of both together, or of the one that is there."""
        if not (text_BLD.shape[1] and regions_BRD.shape[1]):
            return torch.cat([text_BLD, regions_BRD], 1)[:, 0]
        return self.joint.encode_first(*self._both(text_BLD, text_mask_BL, regions_BRD))

    def repeated(self) -> Iterator[nn.Module]:
        """The layers of all three."""
        for stack in (self.vision, self.text_tower, self.joint):
            yield from stack.layers

    def _join(self, text_BLD: Tensor, text_mask_BL: Tensor, image_BKD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if text_BLD.shape[1] and image_BKD.shape[1]:
            length = text_BLD.shape[1]
            states_BSD = self.joint.encode(*self._both(text_BLD, text_mask_BL, image_BKD))
            text_BLD, image_BKD = states_BSD[:, :length], states_BSD[:, length:]
        return torch.cat([text_BLD[:, :1], image_BKD[:, :1]], 1)[:, 0], image_BKD[:, 1:], text_BLD[:, 1:]

    def _read_words(self, text_BL: Tensor, text_mask_BL: Tensor) -> tuple[Tensor, Tensor]:
        embedded_BLD, words_VD = super()._read_words(text_BL, text_mask_BL)
        if text_BL.shape[1] == 0:
            return embedded_BLD, words_VD
        cls_B1D = self.text_cls.weight.expand(len(text_BL), 1, -1)
        return self.text_tower.encode(*_beside(cls_B1D, embedded_BLD, text_mask_BL)), words_VD

    @staticmethod
    def _both(text_BLD: Tensor, text_mask_BL: Tensor, image_BKD: Tensor) -> tuple[Tensor, Tensor]:
        states_BSD = torch.cat([text_BLD, image_BKD], 1)
        cls_B1, patches_BK = text_mask_BL.new_ones(len(text_BLD), 1), text_mask_BL.new_ones(image_BKD.shape[:2])
        return states_BSD, torch.cat([cls_B1, text_mask_BL, patches_BK], 1)


_TOWERS: Mapping[str, type[Momo]] = {"shared": Momo, "separate": SeparateTowers}


def _beside(first_BKD: Tensor, text_BLD: Tensor, text_mask_BL: Tensor) -> tuple[Tensor, Tensor | None]:
    """What stands first and a text's words after it, and where there is something (None: everywhere)."""
    if text_BLD.shape[1] == 0:
        return first_BKD, None
    is_there_BK = text_mask_BL.new_ones(first_BKD.shape[:2])
    return torch.cat([first_BKD, text_BLD], 1), torch.cat([is_there_BK, text_mask_BL], 1)


def _unit(states_BE: Tensor) -> Tensor:
    """Of length 1, to be compared."""
    return functional.normalize(states_BE.float(), dim=-1)
