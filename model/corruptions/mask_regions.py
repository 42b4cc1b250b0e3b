"""Mask regions: hides the features of 15 % of the regions for MRFR and MOC; their boxes stay (LXMERT's rule).

Legend: B rows, R regions, S images of the split.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch

from model.batch import HIDDEN, NOT_ASKED, Batch, Draws
from model.corruptions import Corruption
from model.facts import Facts
from model.plugins import read_options
from model.rows import Rows
from model.specs import Modality, Options

NEEDS: tuple[Modality, ...] = ("images",)


@dataclass(frozen=True, kw_only=True)
class MaskRegions:
    """`rate` of the regions are asked for; of these, shares become zero or another image's region, the rest stay."""

    rate: float = 0.15
    zero_share: float = 0.8
    random_share: float = 0.1


def build(options: Options, *, facts: Facts, rows: Rows) -> Corruption:
    """The random region is any region of any image of the same split. Regions in a shuffled triplet are left alone."""
    settings = read_options(MaskRegions, options, where="mask_regions")
    split_S = torch.from_numpy(rows.images())

    def corrupt(batch: Batch, draws: Draws) -> Batch:
        num_regions = batch.sources_BR.shape[1]
        asked_BR = draws.uniform(batch, "mask_regions.asked", num_regions) < settings.rate
        asked_BR &= batch.triplets_BR == NOT_ASKED
        how_BR = draws.uniform(batch, "mask_regions.how", num_regions)
        zeroed_BR = asked_BR & (how_BR < settings.zero_share)
        replaced_BR = asked_BR & ~zeroed_BR & (how_BR < settings.zero_share + settings.random_share)
        images_BR = split_S[draws.integers(batch, "mask_regions.image", len(split_S), num_regions)]
        others_BR = draws.integers(batch, "mask_regions.region", batch.num_pieces, num_regions)
        sources_BR = batch.sources_BR.masked_fill(zeroed_BR, HIDDEN)
        sources_BR = torch.where(replaced_BR, images_BR * batch.num_pieces + others_BR, sources_BR)
        return dataclasses.replace(batch, sources_BR=sources_BR, masked_regions_BR=asked_BR)

    return corrupt
