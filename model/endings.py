"""What a training asks at the end of every update, and of every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from model.learner import Outcome


class Ending(Protocol):
    """Its state is part of the checkpoint."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that a process which goes on must know."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        ...


class EpochEnd(Ending, Protocol):
    """What is asked after every whole epoch."""

    def __call__(self, epoch: int, step: int) -> None:
        """Called after the last of an epoch's updates: epochs count from 1, `step` is the updates made."""
        ...


class UpdateEnd(Ending, Protocol):
    """What is asked after every update of the weights."""

    def __call__(self, step: int, outcomes: Sequence[Outcome]) -> None:
        """`step` is the updates made, `outcomes` what came of the last one's passes. Must not wait for the device."""
        ...
