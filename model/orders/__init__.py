"""How rows become mini-batches, one file each; the folder is the list.

A file defines `build(options, *, rows, batch_size, seed) -> Order`. Most orders rest on (seed, epoch) alone. One that
rests on what was learnt is an `ObservingOrder`: it is shown features while an epoch is trained on, and gives the next
epoch's mini-batches at its end; `model.observer` stands between it and the loop.

Legend: N rows, B rows of a mini-batch, E width of features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """What an order may know of the rows of its split."""

    keys_N: NDArray[np.uint64]  # of the rows' ids: what draws rest on
    images_N: NDArray[np.int64]  # each row's image, by number
    lengths_N: NDArray[np.int64]  # word pieces that are shown

    @property
    def num_rows(self) -> int:
        """How many rows."""
        return len(self.keys_N)


class Order(Protocol):
    """The order of one stream, in whole mini-batches.

    `is_grouped` where it wants the rows of a mini-batch together, `has_like_lengths` where their texts are about
    equally long, so that padding is worth leaving out.
    """

    is_grouped: ClassVar[bool]
    has_like_lengths: ClassVar[bool]

    def num_batches(self) -> int:
        """How many mini-batches an epoch has; the same in every epoch."""
        ...

    def batches(self, epoch: int) -> Sequence[NDArray[np.int64]]:
        """The row numbers of every mini-batch of an epoch."""
        ...


@runtime_checkable
class ObservingOrder(Order, Protocol):
    """An order whose later epochs rest on features of the epoch before. `batches` waits until they are known."""

    def is_observed(self, epoch: int) -> bool:
        """Whether the order of the epoch after that one rests on features of that one."""
        ...

    def observe(
        self,
        rows_B: NDArray[np.int64],
        image_BE: NDArray[np.float32],
        text_BE: NDArray[np.float32],
        *,
        for_epoch: int,
        rank: int,
    ) -> None:
        """Features of a mini-batch, seen in the epoch before `for_epoch`, by process `rank`.

        Raises UserError where one is not finite.
        """
        ...

    def finish(self, epoch: int, *, num_ranks: int) -> Sequence[NDArray[np.int64]]:
        """The mini-batches of an epoch, now that all of the epoch before was observed, which is then forgotten.

        Number n of them will be process n % `num_ranks`'s.
        """
        ...

    def take(self, epoch: int, batches: Sequence[NDArray[np.int64]] | None) -> None:
        """Let `batches(epoch)` give these from now on; None: shuffled rows."""
        ...

    def give_up(self) -> None:
        """Let nobody wait any longer for an epoch: `batches` raises `model.awaited.GivenUpError` from now on."""
        ...

    def decided_by(self) -> Mapping[str, Any]:
        """The settings that decide an epoch's mini-batches, as plain values."""
        ...

    def state(self) -> dict[str, NDArray[Any]]:
        """What was observed in this epoch so far."""
        ...

    def load_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `state` gave."""
        ...
