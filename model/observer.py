"""Between the loop and an order that observes: the features of every pass to the order, its next epoch to the feed.

Features stay on the device until somebody reads them, so that no update waits. The features of all processes go to the
first, which alone groups rows, writes what comes of it, and tells the others: two processes can never disagree.

Legend: B rows of a pass, U rows of an update, N rows, E width of features.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.order_files import OrderFiles, UnusableError, flat, unflat
from model.orders import ObservingOrder
from model.ranks import Ranks
from model.specs import Device


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The features of a pass, and where its rows stand among those of its stream in the update."""

    start: int
    image_BE: Tensor | None
    text_BE: Tensor | None


@dataclass(frozen=True, kw_only=True)
class _Noted:
    """The features of an update, images before texts, of the batches of all processes."""

    epoch: int
    batches: Sequence[NDArray[np.int64]]
    features_2UE: Tensor


class Observer:
    """That of one stream, called `label`. An epoch is observed if the one after it begins, and rests on it."""

    def __init__(self, order: ObservingOrder, *, label: str, files: OrderFiles, ranks: Ranks, device: Device) -> None:
        self._order = order
        self._label = label
        self._files = files
        self._ranks = ranks
        self._device = device
        self._num_epochs = 0
        self._noted: list[_Noted] = []  # of the first process, until they are read

    def begin(self, epoch: int, *, num_epochs: int) -> None:
        """Get ready for a training that stands in `epoch`, and of which so many epochs begin.

        Where the order of that epoch is not there any more, or is another corpus's, its rows are shuffled, with a
        warning.
        """
        self._num_epochs = num_epochs
        if epoch == 0 or epoch >= num_epochs or not self._order.is_observed(epoch - 1):
            return
        self._order.take(epoch, self._told(self._kept(epoch) if self._ranks.is_first else None))

    def note(self, epoch: int, batches: Sequence[NDArray[np.int64]], seen: Sequence[Seen]) -> None:
        """What this process saw of an update, of which `batches` are the rows of all processes; all must call."""
        if not self._watches(epoch):
            return
        num_rows = sum(len(rows_B) for rows_B in batches)
        features_2UE = torch.zeros(2, num_rows, self._width(batches, seen), device=self._device)
        for one in seen:
            for features_UE, features_BE in zip(features_2UE, self._both(one), strict=True):
                features_UE[one.start : one.start + len(features_BE)] = features_BE
        self._ranks.add_up([features_2UE])  # zeros but for what each has seen: nothing is rounded
        if self._ranks.is_first:
            self._noted.append(_Noted(epoch=epoch, batches=batches, features_2UE=features_2UE))

    def read(self) -> None:
        """Hand the order what was noted; waits for the device. Raises UserError where a feature is not finite."""
        noted, self._noted = self._noted, []
        if not noted:
            return
        features_2NE = torch.cat([one.features_2UE for one in noted], dim=1).cpu().numpy()
        start = 0
        for one in noted:
            for place, rows_B in enumerate(one.batches):
                image_BE, text_BE = features_2NE[:, start : (start := start + len(rows_B))]
                rank = place % self._ranks.number
                self._order.observe(rows_B, image_BE, text_BE, for_epoch=one.epoch + 1, rank=rank)

    def end_epoch(self, epoch: int) -> None:
        """Make, keep and give the order of the next epoch, once the last update of an epoch is noted; all must call."""
        if not self._watches(epoch):
            return
        self.read()
        batches = None
        if self._ranks.is_first:
            batches = self._order.finish(epoch + 1, num_ranks=self._ranks.number)
            self._files.write(epoch + 1, batches)
        self._order.take(epoch + 1, self._told(batches))

    def copy_orders(self, folder: Path) -> None:
        """Copy the orders of all epochs that were trained on; epochs that were shuffled have none."""
        folder.mkdir(exist_ok=True)
        for epoch in range(1, self._num_epochs):
            path = self._files.path(epoch)
            if path.exists() and self._order.is_observed(epoch - 1):
                shutil.copyfile(path, folder / path.name)

    def close(self) -> None:
        """Let nobody wait any longer for an order."""
        self._order.give_up()

    def state(self) -> dict[str, Tensor]:
        """What was observed in this epoch so far; `read` before."""
        return {name: torch.from_numpy(values) for name, values in self._order.state().items()}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` gave."""
        self._order.load_state({name: values.numpy() for name, values in state.items()})

    def _watches(self, epoch: int) -> bool:
        return epoch + 1 < self._num_epochs and self._order.is_observed(epoch)

    @staticmethod
    def _both(one: Seen) -> tuple[Tensor, Tensor]:
        assert one.image_BE is not None, "what a learner makes of a pass has features"
        assert one.text_BE is not None
        return one.image_BE, one.text_BE

    def _width(self, batches: Sequence[Any], seen: Sequence[Seen]) -> int:
        """The width of features; where a process may have none, it learns that from the others."""
        own = self._both(seen[0])[0].shape[1] if seen else 0
        if len(batches) >= self._ranks.number:
            return own
        told = torch.tensor(own, device=self._device)
        self._ranks.tell(told)  # the first has the first batch
        return int(told)

    def _kept(self, epoch: int) -> Sequence[NDArray[np.int64]] | None:
        try:
            return self._files.read(epoch)
        except UnusableError as error:
            warnings.warn(
                f"{self._label}: the order of epoch {epoch} cannot be used ({error}): its rows are shuffled",
                stacklevel=2,
            )
            return None

    def _told(self, batches: Sequence[NDArray[np.int64]] | None) -> Sequence[NDArray[np.int64]] | None:
        """What the first process has, in every process."""
        if self._ranks.number == 1:
            return batches
        told_2N = torch.full((2, len(self._files.row_ids)), -1, device=self._device)
        if batches is not None:
            told_2N.copy_(torch.from_numpy(np.stack(flat(batches))))
        self._ranks.tell(told_2N)
        rows_N, batches_N = told_2N.cpu().numpy()
        return None if rows_N[0] < 0 else unflat(rows_N, batches_N)
