"""What a learner is given: a mini-batch as it is shown, and what is asked of it.

What is asked is known before anything reaches the device: places are numbers, so that nothing there waits to learn how
many there are. Legend: B rows, L word pieces, P places of a row, R regions, F features of a region, N things asked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.errors import UserError
from model.batch import Batch, on_device
from model.regions import BatchFeatures, Features


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a network sees. `has_same_image`: the images of the showing before, which need no second look."""

    text_BL: Tensor  # word pieces, int64
    text_mask_BL: Tensor  # True where there is a word piece, False on padding
    regions_BRF: Tensor  # as the store has them, float16
    boxes_BR4: Tensor
    places_BR: Tensor | None = None  # which of its image's regions each one is, int64; None: all, in their order
    all_boxes_BP4: Tensor | None = None  # of all places, whether or not they are shown; None: `boxes_BR4`
    has_same_image: bool = False

    def part(self, rows: slice) -> Shown:
        """Some consecutive rows."""
        return Shown(
            text_BL=self.text_BL[rows],
            text_mask_BL=self.text_mask_BL[rows],
            regions_BRF=self.regions_BRF[rows],
            boxes_BR4=self.boxes_BR4[rows],
            places_BR=None if self.places_BR is None else self.places_BR[rows],
            all_boxes_BP4=None if self.all_boxes_BP4 is None else self.all_boxes_BP4[rows],
            has_same_image=self.has_same_image,
        )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one part of an objective asks of a batch: where, what is right there, and how much it counts.

    A loss is a sum divided by `num_asked`, which is that of the whole batch also in a part of it: so the losses and
    gradients of parts add up to those of the whole.
    """

    places_N: Tensor  # row * places of a row + place, int64, ascending
    targets_N: Tensor  # (N, ...); until the batch is dressed sources, where it is features that are asked for
    weights_N: Tensor | None  # None: all count alike
    num_asked: Tensor  # how many in the whole batch, at least 1, a float32 number
    ends_B: NDArray[np.int64]  # where what is asked of each row ends
    num_places: int
    are_sources: bool = False
    needs_whole_batch: bool = False

    def part(self, rows: slice) -> Asked:
        """What is asked of some consecutive rows. Raises UserError where the loss is one of the whole batch."""
        first, last, _ = rows.indices(len(self.ends_B))
        if self.needs_whole_batch and last - first < len(self.ends_B):
            raise UserError(
                expected="whole batches, since a loss of this stage compares all rows of a batch with each other",
                found=f"a part of {last - first} of {len(self.ends_B)} rows",
                where="the stage's batches, which are split into parts",
                way_out="do not split them: a smaller batch, or one device",
            )
        ends_B = np.concatenate([[0], self.ends_B])
        asked = slice(int(ends_B[first]), int(ends_B[last]))
        return Asked(
            places_N=self.places_N[asked] - first * self.num_places,
            targets_N=self.targets_N[asked],
            weights_N=None if self.weights_N is None else self.weights_N[asked],
            num_asked=self.num_asked,
            ends_B=ends_B[first + 1 : last + 1] - ends_B[first],
            num_places=self.num_places,
            are_sources=self.are_sources,
            needs_whole_batch=self.needs_whole_batch,
        )

    def of(self, rows_B: Tensor) -> Asked:
        """What is asked of the rows where `rows_B` is True, and nothing of the others."""
        if rows_B.all():
            return self
        kept_N = rows_B[self.places_N // self.num_places]
        num_kept_N = np.concatenate([[0], kept_N.cumsum(0).numpy()])
        return dataclasses.replace(
            self,
            places_N=self.places_N[kept_N],
            targets_N=self.targets_N[kept_N],
            weights_N=None if self.weights_N is None else self.weights_N[kept_N],
            num_asked=torch.tensor(float(max(num_kept_N[-1], 1))),
            ends_B=num_kept_N[self.ends_B],
        )

    def padded(self, size: int) -> Asked:
        """With things of no weight at its end, so that there are `size` of them; as it is where there are more.

        Also where every row is asked one thing: these are as many in any batch.
        """
        lacking = size - len(self.places_N)
        if lacking < 0 or (self.num_places == 1 and len(self.places_N) == len(self.ends_B)):
            return self
        weights_N = torch.ones(len(self.places_N)) if self.weights_N is None else self.weights_N

        def longer(values_N: Tensor) -> Tensor:
            return torch.cat([values_N, values_N.new_zeros(lacking, *values_N.shape[1:])])

        return dataclasses.replace(
            self,
            places_N=longer(self.places_N),
            targets_N=longer(self.targets_N),
            weights_N=longer(weights_N),
        )


def where(
    asked_BP: Tensor, targets_BP: Tensor, *, weights_BP: Tensor | None = None, are_sources: bool = False
) -> Asked:
    """Asks at the places where `asked_BP` is True."""
    places_N = asked_BP.flatten().nonzero()[:, 0]
    return Asked(
        places_N=places_N,
        targets_N=targets_BP.flatten()[places_N],
        weights_N=None if weights_BP is None else weights_BP.flatten()[places_N],
        num_asked=torch.tensor(float(max(len(places_N), 1))),
        ends_B=asked_BP.sum(1).cumsum(0).numpy(),
        num_places=asked_BP.shape[1],
        are_sources=are_sources,
    )


def of_rows(targets_B: Tensor) -> Asked:
    """Asks one thing of every row."""
    num_rows = len(targets_B)
    return Asked(
        places_N=torch.arange(num_rows),
        targets_N=targets_B,
        weights_N=None,
        num_asked=torch.tensor(float(max(num_rows, 1))),
        ends_B=np.arange(1, num_rows + 1),
        num_places=1,
    )


def weighted(losses_N: Tensor, asked: Asked) -> Tensor:
    """Each loss as much as it counts."""
    return losses_N if asked.weights_N is None else losses_N * asked.weights_N


Asks = Mapping[str, tuple[Asked, ...]]
"""What each objective asks, by name: in one part or several."""


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A mini-batch on its device. `more` are further showings of its rows; `asks_of` says who asks of each showing."""

    rows_B: NDArray[np.int64]  # row numbers of the corpus
    shown: Shown
    asks: Asks
    more: tuple[Shown, ...] = ()
    asks_of: tuple[tuple[str, ...], ...] = ()

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.rows_B)

    @property
    def num_positions(self) -> int:
        """How many word pieces and regions the network sees, padding included."""
        return sum(
            shown.text_BL.numel() + (0 if shown.has_same_image else shown.regions_BRF.shape[:2].numel())
            for shown in (self.shown, *self.more)
        )

    def part(self, rows: slice) -> Exercise:
        """Some consecutive rows, with what is asked of them."""
        asks = {name: tuple(asked.part(rows) for asked in parts) for name, parts in self.asks.items()}
        return dataclasses.replace(
            self,
            rows_B=self.rows_B[rows],
            shown=self.shown.part(rows),
            asks=asks,
            more=tuple(shown.part(rows) for shown in self.more),
        )


def dress(batch: Batch, asks: Asks, features: Features) -> Exercise:
    """Take everything to the device of `features`, and each region's features from where they are stored, once."""
    seen = features.seen_by(batch)
    shown = _show(batch, seen)
    return Exercise(
        rows_B=batch.rows_B,
        shown=shown,
        asks=_dress_asks(asks, seen),
        more=_show_more(batch, shown, seen),
        asks_of=tuple(
            tuple(name for name in showing.objectives or asks if name in asks) for showing in (batch, *batch.more)
        ),
    )


def _show(batch: Batch, features: BatchFeatures) -> Shown:
    rows_BR = torch.arange(batch.size)[:, None].expand_as(batch.sources_BR)
    return Shown(
        text_BL=on_device(batch.text_BL, features.device),
        text_mask_BL=on_device(batch.text_mask_BL, features.device),
        regions_BRF=features.take(batch.sources_BR, rows_BR),
        boxes_BR4=on_device(batch.boxes_BR4, features.device),
        places_BR=None if batch.all_are_shown() else on_device(batch.places_BR, features.device),
        all_boxes_BP4=None if batch.all_boxes_BP4 is None else on_device(batch.all_boxes_BP4, features.device),
    )


def _show_more(batch: Batch, shown: Shown, features: BatchFeatures) -> tuple[Shown, ...]:
    befores = zip((batch, *batch.more), batch.more, strict=False)
    found = [shown]
    for before, again in befores:
        found.append(_show_again(again, before, found[-1], features))
    return tuple(found[1:])


def _show_again(again: Batch, before: Batch, shown: Shown, features: BatchFeatures) -> Shown:
    """With the images of the showing before where no corruption has changed them."""
    if not (torch.equal(again.sources_BR, before.sources_BR) and torch.equal(again.places_BR, before.places_BR)):
        return _show(again, features)
    return dataclasses.replace(
        shown,
        text_BL=on_device(again.text_BL, features.device),
        text_mask_BL=on_device(again.text_mask_BL, features.device),
        has_same_image=True,
    )


def dress_asks(batch: Batch, asks: Asks, features: Features) -> Asks:
    """What is asked of a batch on the device of `features`, with features where there were sources."""
    return _dress_asks(asks, features.seen_by(batch))


def _dress_asks(asks: Asks, features: BatchFeatures) -> Asks:
    return {name: tuple(_dress(asked, features) for asked in parts) for name, parts in asks.items()}


def _dress(asked: Asked, features: BatchFeatures) -> Asked:
    if not asked.are_sources:
        return on_device(asked, features.device)
    targets_NF = features.take(asked.targets_N, asked.places_N // asked.num_places)
    return on_device(dataclasses.replace(asked, targets_N=targets_NF, are_sources=False), features.device)
