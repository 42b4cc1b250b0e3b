"""A teacher: towers whose weights follow a learner's, and a queue of what they made of earlier rows (MoCo; ALBEF).

Its pass is like the learner's own, with dropout, as in ALBEF's code, and no gradient comes of it. Nothing of it changes
within a pass: it follows, and its queue goes on, after the update.
Legend: N rows asked, B rows, Q rows of the queue, E width in which image and text are compared.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from data.errors import UserError
from model.batch import Taught
from model.exercise import Asked, Shown
from model.momentum import Momentum
from model.networks import Encoder
from model.ranks import ALONE, Ranks

if TYPE_CHECKING:  # whose outcomes it reads; a learner has one
    from model.learner import Outcome

_NO_ROW = -1


class Teacher:
    """Begins with the learner's weights, and with no earlier rows. `num_ramp_updates` until `alpha` is whole."""

    def __init__(self, encoder: Encoder, momentum: Momentum, *, batch_size: int, ranks: Ranks = ALONE) -> None:
        """Raises UserError where several processes train, each of which would have a queue, or a batch is too large."""
        if ranks.number > 1:
            raise _refused("one process, since a queue of earlier rows is one", f"{ranks.number} processes")
        if batch_size > momentum.queue:
            raise _refused(f"a queue of at least a batch's {batch_size} rows", f"queue {momentum.queue}")
        self.num_ramp_updates = 1
        self._momentum = momentum
        self._followed = encoder.towers()
        self._towers = copy.deepcopy(self._followed).requires_grad_(False)
        device = next(encoder.parameters()).device
        size, width = momentum.queue, self._towers.size
        self._queue = {
            "images": torch.full((size,), _NO_ROW, dtype=torch.int64, device=device),
            "image": torch.zeros(size, width, device=device),
            "text": torch.zeros(size, width, device=device),
        }
        self._next = 0
        self._alpha = torch.zeros((), device=device)

    def look(self, shown: Shown, asked: Asked) -> Taught:
        """Its word on the rows asked, whose targets are the numbers of their images."""
        with torch.no_grad():
            image_BE, text_BE = self._towers(shown)
        return Taught(
            image_NE=image_BE.index_select(0, asked.places_N),
            text_NE=text_BE.index_select(0, asked.places_N),
            images_N=asked.targets_N,
            image_QE=self._queue["image"],
            text_QE=self._queue["text"],
            images_Q=self._queue["images"],
            alpha=self._alpha,
        )

    def __call__(self, step: int, outcomes: Sequence[Outcome]) -> None:
        """Follow the learner, and let the update's rows take the place of the oldest in the queue."""
        with torch.no_grad():
            for mine, theirs in zip(self._towers.parameters(), self._followed.parameters(), strict=True):
                mine.lerp_(theirs, 1.0 - self._momentum.momentum)
        for outcome in outcomes:
            if outcome.taught is not None:
                self._add(*outcome.taught)
        self._alpha.fill_(self._momentum.alpha * min(1.0, step / self.num_ramp_updates))

    def state_dict(self) -> dict[str, Any]:
        """Weights, queue, and where it goes on."""
        return {"towers": self._towers.state_dict(), "queue": self._queue, "next": self._next, "alpha": self._alpha}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        self._towers.load_state_dict(state["towers"])
        for name, values in state["queue"].items():
            self._queue[name].copy_(values)
        self._next = int(state["next"])
        self._alpha.copy_(state["alpha"])

    def _add(self, images_N: Tensor, image_NE: Tensor, text_NE: Tensor) -> None:
        size, number = self._momentum.queue, len(images_N)
        places_N = (torch.arange(number, device=images_N.device) + self._next) % size
        for name, values in (("images", images_N), ("image", image_NE), ("text", text_NE)):
            self._queue[name][places_N] = values
        self._next = (self._next + number) % size


def _refused(expected: str, found: str) -> UserError:
    return UserError(
        expected=expected,
        found=found,
        where="an objective with a teacher",
        way_out="train without momentum, or as is expected",
    )
