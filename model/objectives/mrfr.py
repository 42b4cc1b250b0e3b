"""MRFR, masked region feature regression: the true features of every region that was masked (Chen et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass

from model.facts import Facts
from model.feature_regression import FeatureRegression, Regenerate
from model.objectives import Objective
from model.plugins import read_options
from model.specs import Network, Options


@dataclass(frozen=True, kw_only=True)
class MrfrSettings:
    """`loss` is `squared_l2` (the MSP paper) or `smooth_l1` (LXMERT's code); `gated`: see `model.heads.gates`."""

    loss: str = "squared_l2"
    gated: bool = False


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """A head of its own: LXMERT shares one transform between features and labels."""
    settings = read_options(MrfrSettings, options, where="mrfr")
    return FeatureRegression(
        head=Regenerate(network.hidden_size, network.region_feature_size, is_gated=settings.gated),
        feature_size=network.region_feature_size,
        loss=settings.loss,
        asked_of=lambda batch: batch.masked_regions_BR,
        copies={},
    )
