"""Keeps the weights of the epoch that did best on validation rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

EPOCHS_FILE = "epochs.json"


class BestEpoch:
    """Asked after each epoch (`model.endings.EpochEnd`); `judge` gives a number, the higher the better."""

    def __init__(self, pupil: nn.Module, judge: Callable[[], float]) -> None:
        self._pupil = pupil
        self._judge = judge
        self._epochs: list[dict[str, Any]] = []
        self._weights: dict[str, Tensor] = {}

    def __call__(self, epoch: int, step: int) -> None:
        """Judge, and keep the weights if no earlier epoch did as well."""
        best_before = max((entry["validation"] for entry in self._epochs), default=None)
        value = self._judge()
        self._epochs.append({"epoch": epoch, "step": step, "validation": value})
        if best_before is None or value > best_before:
            self._weights = {name: tensor.clone() for name, tensor in self._pupil.state_dict().items()}

    def load_best(self) -> None:
        """Put the weights of the best epoch back."""
        self._pupil.load_state_dict(self._weights)

    def history(self) -> dict[str, Any]:
        """All epochs with their values, and the best one, the earliest of equals."""
        best = max(self._epochs, key=lambda entry: (entry["validation"], -entry["epoch"]))
        return {"epochs": self._epochs, "best": best["epoch"]}

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {"epochs": self._epochs, "weights": self._weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """From the checkpoint."""
        self._epochs, self._weights = state["epochs"], state["weights"]
