"""Drop patches: most pieces of every image are not shown at all, for masked image modelling (MAE, He et al. 2022).

They are not there, unlike what `mask_regions` hides, which is zeros: the network has fewer pieces to read.
Legend: B rows, R regions, S of them that stay.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from data.errors import UserError
from model.batch import Batch, Draws
from model.corruptions import Corruption
from model.facts import Facts
from model.plugins import read_options
from model.rows import Rows
from model.specs import Modality, Options

NEEDS: tuple[Modality, ...] = ("images",)
_COLUMNS = ("places_BR", "sources_BR", "object_ids_BR", "object_conf_BR", "attribute_ids_BR", "attribute_conf_BR")


@dataclass(frozen=True, kw_only=True)
class DropPatches:
    """`rate` of an image's pieces are dropped, rounded down: as many of each, so that the others are a rectangle."""

    rate: float = 0.75


def build(options: Options, *, facts: Facts, rows: Rows) -> Corruption:
    """Must come after swaps, and before whatever masks or shuffles regions.

    Raises UserError on a rate of 1 or more, and at the first batch where it comes after these.
    """
    settings = read_options(DropPatches, options, where="drop_patches")
    if not 0 <= settings.rate < 1:
        raise UserError(
            expected="a rate from 0 to below 1: some piece must be left to tell the others by",
            found=str(settings.rate),
            where="drop_patches, rate",
            way_out="leave it out for 0.75, as MAE has it",
        )

    def corrupt(batch: Batch, draws: Draws) -> Batch:
        if not _is_whole(batch):
            raise UserError(
                expected="drop_patches once, before whatever masks or shuffles regions",
                found="an image of which some are dropped, masked or shuffled already",
                where="the corruptions of a showing",
                way_out="put drop_patches before mask_regions and shuffle_triplets",
            )
        num_kept = batch.num_pieces - int(batch.num_pieces * settings.rate)
        drawn_BR = draws.uniform(batch, "drop_patches.order", batch.num_pieces)
        kept_BS = drawn_BR.argsort(dim=1, stable=True)[:, :num_kept].sort(1).values
        return dataclasses.replace(
            batch,
            **{name: getattr(batch, name).gather(1, kept_BS) for name in _COLUMNS},
            boxes_BR4=batch.boxes_BR4.gather(1, kept_BS[:, :, None].expand(-1, -1, 4)),
            all_boxes_BP4=batch.boxes_BR4,
            masked_regions_BR=batch.masked_regions_BR[:, :num_kept],
            triplets_BR=batch.triplets_BR[:, :num_kept],
        )

    return corrupt


def _is_whole(batch: Batch) -> bool:
    is_shuffled = bool((batch.triplets_BR >= 0).any())
    return batch.all_are_shown() and not is_shuffled and not batch.masked_regions_BR.any()
