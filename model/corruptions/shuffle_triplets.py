"""Shuffle triplets: permutes the features of three consecutive regions for IFRS, and never their boxes (MSP 3.1).

Boxes stay because the visual stream has no other sense of place: with box and feature moved together the network is
equivariant, and the shuffle cannot be seen at all. Legend: B rows, R regions, P permutations (of WIDTH).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from data.errors import UserError
from model.batch import NOT_ASKED, Batch, Draws
from model.corruptions import Corruption
from model.facts import Facts
from model.plugins import choose, read_options
from model.rows import Rows
from model.specs import Modality, Options

WIDTH = 3
ALL_PERMUTATIONS_P3 = torch.tensor(list(itertools.permutations(range(WIDTH))))
PERMUTATIONS_P3 = ALL_PERMUTATIONS_P3[1:]  # the first one changes nothing
_STEPS: Mapping[str, int] = {"sliding": 1, "disjoint": WIDTH}

NEEDS: tuple[Modality, ...] = ("images",)


@dataclass(frozen=True, kw_only=True)
class ShuffleTriplets:
    """`rate` is the chance that a triplet starts at a region where one may start and that is not yet in one.

    `starts`: it may at any region (`sliding`, which shuffles close to 15 % of all, as much as the masks take), or at
    every third (`disjoint`: twelve fixed windows of 36 regions, and 5 % of all). `identity`: whether a triplet may be
    left in its order. `boxes` can only `stay`.
    """

    rate: float = 0.05
    starts: str = "sliding"
    identity: bool = False
    boxes: str = "stay"

    def __post_init__(self) -> None:
        choose(_STEPS, self.starts, where="shuffle_triplets, starts")
        if self.boxes != "stay":
            raise UserError(
                expected="boxes = stay: a feature that takes its box along looks just as before, since a network knows "
                "the place of a region by its box alone, and what cannot be seen cannot be learnt",
                found=repr(self.boxes),
                where="shuffle_triplets, boxes",
                way_out="leave the option out",
            )


def build(options: Options, *, facts: Facts, rows: Rows) -> Corruption:
    """Triplets never overlap, and leave out regions that are asked for by a mask."""
    settings = read_options(ShuffleTriplets, options, where="shuffle_triplets")
    permutations_P3 = ALL_PERMUTATIONS_P3 if settings.identity else PERMUTATIONS_P3
    step = choose(_STEPS, settings.starts, where="shuffle_triplets, starts")

    def corrupt(batch: Batch, draws: Draws) -> Batch:
        num_regions = batch.sources_BR.shape[1]
        starts_BR = draws.uniform(batch, "shuffle_triplets.start", num_regions) < settings.rate
        starts_BR &= torch.arange(num_regions) % step == 0
        drawn_BR = draws.integers(batch, "shuffle_triplets.permutation", len(permutations_P3), num_regions)
        triplets_BR = _triplets(starts_BR, batch.masked_regions_BR)
        sources_BR = batch.sources_BR.gather(1, _shown(triplets_BR, permutations_P3[drawn_BR]))
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
