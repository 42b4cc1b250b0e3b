"""Shuffle triplets: permutes the features of three consecutive regions for IFRS, and never their boxes (MSP 3.1).

Boxes stay because the visual stream has no other sense of place: with box and feature moved together the network is
equivariant, and the shuffle cannot be seen at all. Legend: B rows, R regions, P permutations.
"""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.batch import NOT_ASKED, Batch, Draws
from model.corruptions import Corruption
from model.facts import Facts
from model.plugins import read_options
from model.specs import Options

WIDTH = 3
PERMUTATIONS_P3 = torch.tensor(list(itertools.permutations(range(WIDTH)))[1:])  # the first one changes nothing


@dataclass(frozen=True, kw_only=True)
class ShuffleTriplets:
    """`rate` is the chance that a triplet starts at a region, for every region that is not yet in one.

    Three regions at 5 % are close to the 15 % that the masks take, which is why windows slide and are not fixed.
    """

    rate: float = 0.05


def build(options: Options, *, facts: Facts, images_S: NDArray[np.int64]) -> Corruption:
    """Triplets never overlap, and leave out regions that are asked for by a mask."""
    settings = read_options(ShuffleTriplets, options, where="shuffle_triplets")

    def corrupt(batch: Batch, draws: Draws) -> Batch:
        num_regions = batch.sources_BR.shape[1]
        starts_BR = draws.uniform(batch, "shuffle_triplets.start", num_regions) < settings.rate
        permutations_BR3 = PERMUTATIONS_P3[
            draws.integers(batch, "shuffle_triplets.permutation", len(PERMUTATIONS_P3), num_regions)
        ]
        triplets_BR = _triplets(starts_BR, batch.masked_regions_BR)
        sources_BR = batch.sources_BR.gather(1, _shown(triplets_BR, permutations_BR3))
        return dataclasses.replace(batch, sources_BR=sources_BR, triplets_BR=triplets_BR)

    return corrupt


def _triplets(starts_BR: Tensor, masked_BR: Tensor) -> Tensor:
    """The first region of the triplet that each region is in, (B, R); -1 where it is in none."""
    places_R = torch.arange(starts_BR.shape[1])
    triplets_BR = torch.full(starts_BR.shape, NOT_ASKED)
    may_begin_BR = starts_BR.clone()
    may_begin_BR[:, -WIDTH + 1 :] = False  # there is no room
    may_begin_BR[:, : -WIDTH + 1] &= ~masked_BR.unfold(1, WIDTH, 1).any(-1)
    while may_begin_BR.any():  # each row's first triplet, each row's second ...
        first_B1 = may_begin_BR.int().argmax(1, keepdim=True)
        is_in_BR = may_begin_BR.any(1, keepdim=True) & (places_R >= first_B1) & (places_R < first_B1 + WIDTH)
        triplets_BR = torch.where(is_in_BR, first_B1, triplets_BR)
        may_begin_BR &= places_R >= first_B1 + WIDTH
    return triplets_BR


def _shown(triplets_BR: Tensor, permutations_BR3: Tensor) -> Tensor:
    """Which region of its row each region shows, (B, R): by the permutation drawn at its triplet's start."""
    own_BR = torch.arange(triplets_BR.shape[1]).expand_as(triplets_BR)
    starts_BR = triplets_BR.clamp(min=0)
    place_BR = (own_BR - starts_BR).clamp(0, WIDTH - 1)
    drawn_BR3 = permutations_BR3.gather(1, starts_BR[:, :, None].expand(-1, -1, WIDTH))
    moved_BR = starts_BR + drawn_BR3.gather(2, place_BR[:, :, None])[:, :, 0]
    return torch.where(triplets_BR == NOT_ASKED, own_BR, moved_BR)
