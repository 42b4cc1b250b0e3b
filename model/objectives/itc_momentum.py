"""ITC with a teacher (ALBEF, section 3.2): images with the teacher's texts of this batch and of earlier ones, and texts
with its images. A target is the own pair, and by the share `alpha` what the teacher finds alike.

Legend: B rows, N rows asked, Q rows of the queue, M = N + Q, E width in which image and text are compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from model.batch import Output, Taught
from model.contrast import ContrastSettings
from model.exercise import Asked, Shown
from model.facts import Facts
from model.judging import Parts
from model.momentum import Momentum
from model.objectives import Objective
from model.objectives.itc import Itc
from model.plugins import read_options
from model.specs import Network, Options


@dataclass(frozen=True, kw_only=True)
class Settings(Momentum):
    """Those of `Momentum`. `same_image`: see `ContrastSettings`; it is of the queue, too."""

    same_image: str = ContrastSettings.same_image


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """Options: those of `Settings`."""
    return ItcMomentum(read_options(Settings, options, where="itc_momentum"))


class ItcMomentum(Itc):
    """The mean of both directions. Where there is no teacher, as in judging, it is ITC's, on the batch alone."""

    def __init__(self, settings: Settings) -> None:
        super().__init__({"same_image": settings.same_image}, where="itc_momentum")
        self.momentum = settings

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """One part: each row."""
        taught = output.taught
        if taught is None:
            return super().losses(asked, shown, output)
        places_N = asked[0].places_N
        left_out_NM = self._left_out(taught)
        directions = (
            (output.image_BE, taught.image_NE, torch.cat([taught.text_NE, taught.text_QE])),
            (output.text_BE, taught.text_NE, torch.cat([taught.image_NE, taught.image_QE])),
        )
        losses = []
        for ours_BE, theirs_NE, others_ME in directions:
            logits_NM = _logits(ours_BE.index_select(0, places_N), others_ME, output.temperature, left_out_NM)
            seen_NM = _logits(theirs_NE, others_ME, output.temperature.detach(), left_out_NM).softmax(1)
            own_NM = torch.eye(*left_out_NM.shape, device=seen_NM.device)
            targets_NM = taught.alpha * seen_NM + (1.0 - taught.alpha) * own_NM
            losses.append(-(targets_NM * logits_NM.log_softmax(1).masked_fill(left_out_NM, 0.0)).sum(1))
        return (torch.stack(losses).mean(0),)

    def _left_out(self, taught: Taught) -> Tensor:
        """True where two are not compared, (N, M): places without a row, and where the reading says so one's image."""
        images_M = torch.cat([taught.images_N, taught.images_Q])
        is_none_M = images_M < 0
        if not self._ignores_same_image:
            return is_none_M.expand(len(taught.images_N), -1)
        is_same_NM = taught.images_N[:, None] == images_M
        is_own_NM = torch.eye(*is_same_NM.shape, dtype=torch.bool, device=images_M.device)
        return is_none_M | (is_same_NM & ~is_own_NM)


def _logits(rows_NE: Tensor, others_ME: Tensor, temperature: Tensor, left_out_NM: Tensor) -> Tensor:
    return (rows_NE @ others_ME.T / temperature).float().masked_fill(left_out_NM, -torch.inf)
