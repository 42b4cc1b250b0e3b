"""MIM, masked image modelling: the pixels of every dropped patch, from the patches shown (MAE, He et al. 2022).

The network reads what `drop_patches` has left; a light decoder, which is part of this objective alone, puts a learnt
token at each place that is empty and reads all places. Beside words, the visible patches and [CLS] have read these.
Legend: B rows, R patches, S of them that are shown, K patches and the [CLS] before them, N patches asked, F numbers of
a patch, W width of the decoder.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from data.errors import UserError
from model.batch import Batch, Output, own_sources
from model.exercise import Asked, Shown, where
from model.facts import Facts
from model.heads import DISTANCES, at
from model.judging import Blind, Judge, LossJudge, Parts
from model.objectives import Objective
from model.plugins import read_options
from model.specs import Modality, Network, Options
from model.vit import Layers

_BOX = 4
_INNER = 4  # widths of the decoder's feed-forward
_SLOWEST = 10_000.0  # of the sine waves, as in the transformer
_NORM_EPS = 1e-6  # MAE's
_distance = DISTANCES["squared_l2"]


@dataclass(frozen=True, kw_only=True)
class MimSettings:
    """The decoder's `layers`, `width` and `heads`; `norm_pix`: a patch's numbers are less their mean, by their
    deviation. The defaults are MAE's.
    """

    layers: int = 8
    width: int = 512
    heads: int = 16
    norm_pix: bool = True


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """Raises UserError where there is no such decoder."""
    settings = read_options(MimSettings, options, where="mim")
    if settings.layers < 1 or settings.heads < 1 or settings.width % settings.heads:
        raise UserError(
            expected="at least one layer, and a width that is a multiple of the heads",
            found=f"layers {settings.layers}, width {settings.width}, heads {settings.heads}",
            where="mim",
            way_out="leave them out for 8, 512 and 16",
        )
    return Mim(network, settings)


class Mim(Objective):
    """The squared error of each dropped patch, as a mean over its numbers."""

    needs: ClassVar[tuple[Modality, ...]] = ("images",)

    def __init__(self, network: Network, settings: MimSettings) -> None:
        super().__init__()
        width = settings.width
        decoder = dataclasses.replace(
            network, hidden_size=width, num_heads=settings.heads, intermediate_size=_INNER * width
        )
        self.narrow = nn.Linear(network.hidden_size, width)
        self.empty = nn.Embedding(1, width)
        self.positions = nn.Parameter(waves(network.num_regions, width))
        self.boxes = nn.Linear(_BOX, width) if network.images == "regions" else None
        self.decoder = Layers(decoder, num_layers=settings.layers)
        self.pixels = nn.Linear(width, network.region_feature_size)
        self._norm_pix = settings.norm_pix

    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """The numbers of the patches that were dropped of the shown image."""
        return (where(batch.dropped(), own_sources(batch.images_B, batch.num_pieces), are_sources=True),)

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """One part: the squared error of each patch asked for."""
        (patches,) = asked
        predicted_NF = self.pixels(at(self._decoded(shown, output), patches))
        return (_distance(predicted_NF, self.targets(patches.targets_N)),)

    def targets(self, patches_NF: Tensor) -> Tensor:
        """Patches as they are to be predicted."""
        if not self._norm_pix:
            return patches_NF.float()
        centred_NF = patches_NF.float() - patches_NF.float().mean(-1, keepdim=True)
        variance_N1 = centred_NF.square().sum(-1, keepdim=True) / (patches_NF.shape[-1] - 1)  # unbiased, as MAE's
        return centred_NF / (variance_N1 + _NORM_EPS).sqrt()

    def judge(self) -> Judge:
        """By the loss, against the mean of the patches asked for in training, and of those shown of the same image."""
        blind = {"mean patch": _MeanPatch(self), "mean of the visible patches": _MeanOfVisible(self)}
        return LossJudge(self.losses, blind)

    def _decoded(self, shown: Shown, output: Output) -> Tensor:
        """The decoder's states of all places, (B, R, W)."""
        visible_BSW = self.narrow(output.regions_BRD)
        if shown.places_BR is not None:
            places_BSW = shown.places_BR[:, :, None].expand_as(visible_BSW)
            empty_BRW = self.empty.weight.to(visible_BSW.dtype).expand(len(visible_BSW), len(self.positions) - 1, -1)
            visible_BSW = empty_BRW.scatter(1, places_BSW, visible_BSW)
        if self.boxes is not None:
            boxes_BR4 = shown.boxes_BR4 if shown.all_boxes_BP4 is None else shown.all_boxes_BP4
            visible_BSW = visible_BSW + self.boxes(boxes_BR4)
        cls_B1W = self.narrow(output.pooled_BD)[:, None]
        decoded_BKW = self.decoder.encode(torch.cat([cls_B1W, visible_BSW], 1) + self.positions)
        return decoded_BKW[:, 1:]


class _MeanPatch(Blind):
    def __init__(self, mim: Mim) -> None:
        self._mim = mim
        self._sum_F: Tensor | float = 0.0
        self._num = 0

    def learn(self, asked: tuple[Asked, ...]) -> None:
        true_NF = self._mim.targets(asked[0].targets_N)
        self._sum_F = self._sum_F + true_NF.sum(0, dtype=torch.float64)
        self._num += len(true_NF)

    def losses(self, asked: tuple[Asked, ...], shown: Shown) -> Parts:
        true_NF = self._mim.targets(asked[0].targets_N)
        mean_F = torch.as_tensor(self._sum_F / max(self._num, 1)).float()
        return (_distance(mean_F.expand_as(true_NF), true_NF),)


class _MeanOfVisible(Blind):
    def __init__(self, mim: Mim) -> None:
        self._mim = mim

    def losses(self, asked: tuple[Asked, ...], shown: Shown) -> Parts:
        (patches,) = asked
        means_BF = self._mim.targets(shown.regions_BRF).mean(1)
        return (_distance(means_BF[patches.places_N // patches.num_places], self._mim.targets(patches.targets_N)),)


def waves(num_places: int, width: int) -> Tensor:
    """Where places lie, as sines and cosines of row and column (of their number, where they are no square), (1 + R, W).

    [CLS] lies nowhere: zeros.
    """
    across = math.isqrt(num_places)
    numbers_R = torch.arange(num_places)
    axes = [numbers_R // across, numbers_R % across] if across**2 == num_places else [numbers_R]
    num_waves = -(-width // (2 * len(axes)))
    speeds_W = _SLOWEST ** -(torch.arange(num_waves) / num_waves)
    angles = [axis_R[:, None] * speeds_W for axis_R in axes]
    waves_RW = torch.cat([wave for angle_RW in angles for wave in (angle_RW.sin(), angle_RW.cos())], 1)[:, :width]
    return torch.cat([torch.zeros(1, width), waves_RW])
