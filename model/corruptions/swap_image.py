"""Swap the image: half of the texts get another image, a hard one where there is one, for ITM_HS (MSP 3.3).

The paper swaps the image and not the text, so everything that speaks of the image follows the one that is shown:
features, boxes, labels, attributes, and with them the topics. LXMERT swaps the text
(`swap_sentence`). Legend: B rows, S images of the split, K neighbours.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.errors import UserError
from model import regions
from model.batch import Batch, Draws, own_sources
from model.corruptions import SWAPPED_TARGETS, Corruption
from model.facts import Facts
from model.plugins import choose, read_options
from model.rows import Rows
from model.specs import Modality, Options

NEEDS: tuple[Modality, ...] = ("text", "images")


@dataclass(frozen=True, kw_only=True)
class SwapImage:
    """`rate` of the rows are swapped, among the `num_negatives` most similar images; 0: any image (plain ITM).

    `swapped_targets` says what else is asked of these pairs: everything about what they show, or nothing (`none`).
    """

    rate: float = 0.5
    num_negatives: int = 100
    swapped_targets: str = "shown"


def build(options: Options, *, facts: Facts, rows: Rows) -> Corruption:
    """Must come before the corruptions that hide regions. An image without hard negatives gets a random other one."""
    settings = read_options(SwapImage, options, where="swap_image")
    have_targets = choose(SWAPPED_TARGETS, settings.swapped_targets, where="swap_image, swapped_targets")
    neighbours_NK, images_S = _neighbours(facts, settings.num_negatives), rows.images()

    def corrupt(batch: Batch, draws: Draws) -> Batch:
        assert not batch.masked_regions_BR.any(), "swap_image comes before mask_regions and shuffle_triplets"
        assert batch.all_are_shown(), "swap_image comes before drop_patches"
        own_B = batch.images_B.numpy()
        other_B = _random_other(batch, draws, images_S)
        if neighbours_NK.shape[1]:
            num_hard_B = (neighbours_NK[own_B] >= 0).sum(1)
            pick_B1 = draws.integers(batch, "swap_image.hard", num_hard_B[:, None]).numpy()
            hard_B = np.take_along_axis(neighbours_NK[own_B], pick_B1, axis=1)[:, 0]
            other_B = np.where(num_hard_B > 0, hard_B, other_B)
        swapped_B = draws.uniform(batch, "swap_image.swapped", 1)[:, 0] < settings.rate
        swapped_B &= torch.from_numpy(other_B != own_B)
        shown = show(batch, swapped_B, torch.from_numpy(other_B), facts)
        return shown.mismatched(swapped_B, have_targets=have_targets)

    return corrupt


def show(batch: Batch, swapped_B: Tensor, images_B: Tensor, facts: Facts) -> Batch:
    """The batch with `images_B` shown where `swapped_B`, and every truth about the image following it."""
    shown_B = torch.where(swapped_B, images_B, batch.images_B)
    shown = regions.labels(facts.store, shown_B)
    return dataclasses.replace(
        batch,
        images_B=shown_B,
        sources_BR=own_sources(shown_B, batch.sources_BR.shape[1]),
        boxes_BR4=shown.boxes_BR4,
        object_ids_BR=shown.object_ids_BR,
        object_conf_BR=shown.object_conf_BR,
        attribute_ids_BR=shown.attribute_ids_BR,
        attribute_conf_BR=shown.attribute_conf_BR,
    )


def _neighbours(facts: Facts, number: int) -> NDArray[np.int64]:
    """The rows of the most similar images, (N, K); none where none are wanted. Raises UserError where they lack."""
    if number < 0 or (number and facts.neighbours_NK is None):
        raise UserError(
            expected="hard negatives" if number > 0 else "a number of hard negatives, or 0",
            found="none" if number > 0 else str(number),
            where="swap_image, num_negatives",
            way_out="give inputs.hard_negatives in the job, or set num_negatives to 0 for random images",
        )
    return np.zeros((0, 0), np.int64) if facts.neighbours_NK is None else facts.neighbours_NK[:, :number]


def _random_other(batch: Batch, draws: Draws, images_S: NDArray[np.int64]) -> NDArray[np.int64]:
    """A random image of the split for each row that is not its own; its own where the split has only one."""
    own_B = batch.images_B.numpy()
    place_B = np.searchsorted(images_S, own_B)  # images_S ascends
    drawn_B = draws.integers(batch, "swap_image.random", max(len(images_S) - 1, 1))[:, 0].numpy()
    places_B = np.minimum(drawn_B + (drawn_B >= place_B), len(images_S) - 1)
    other_B: NDArray[np.int64] = images_S[places_B]
    return other_B
