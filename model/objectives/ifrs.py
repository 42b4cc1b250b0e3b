"""IFRS, image feature random shuffle: the own features of every region in a shuffled triplet (MSP, section 3.1).

Legend: N regions asked, T triplets, F features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from model.batch import NOT_ASKED
from model.corruptions.shuffle_triplets import WIDTH
from model.facts import Facts
from model.feature_regression import FeatureRegression, PutBack, Regenerate
from model.objectives import Objective
from model.plugins import choose, read_options
from model.specs import Network, Options


@dataclass(frozen=True, kw_only=True)
class IfrsSettings:
    """`head` is `regenerate` (the paper) or `put_back`; `loss` is `squared_l2` (the paper) or `smooth_l1` (LXMERT).

    `gated`: see `model.heads.gates`.
    """

    head: str = "regenerate"
    loss: str = "squared_l2"
    gated: bool = False


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """Judged also against the mean of the triplet, and against taking the input as it stands."""
    settings = read_options(IfrsSettings, options, where="ifrs")
    return FeatureRegression(
        head=choose(_HEADS, settings.head, where="ifrs, head")(
            network.hidden_size, network.region_feature_size, is_gated=settings.gated
        ),
        feature_size=network.region_feature_size,
        loss=settings.loss,
        asked_of=lambda batch: batch.triplets_BR != NOT_ASKED,
        copies={"mean of the triplet": triplet_means, "unshuffled input": lambda shown_NF: shown_NF},
    )


def triplet_means(shown_NF: Tensor) -> Tensor:
    """The mean over the triplet that each region is in, (N, F): the regions of a triplet come one after another."""
    means_TF = shown_NF.view(-1, WIDTH, shown_NF.shape[1]).mean(1)
    return means_TF.repeat_interleave(WIDTH, dim=0)


_HEADS: Mapping[str, type[Regenerate] | type[PutBack]] = {"regenerate": Regenerate, "put_back": PutBack}
