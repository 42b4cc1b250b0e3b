"""Regressing the true features of some regions: what MRFR and IFRS have in common.

Legend: B rows, R regions, F features, N regions asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from model.batch import Batch, Output
from model.exercise import Asked, Shown, where
from model.heads import DISTANCES, Decoder, at, gates
from model.judging import Blind, Judge, LossJudge, Parts
from model.objectives import Objective
from model.plugins import choose
from model.specs import Modality

AskedOf = Callable[[Batch], Tensor]  # which regions are asked for, (B, R)
Predicted = Callable[[Tensor], Tensor]  # features predicted without a model, (N, F), from those shown there, (N, F)


class Regenerate(nn.Module):
    """The paper's head: features made anew from a region's hidden state, through transform and decoder."""

    def __init__(self, width: int, feature_size: int, *, is_gated: bool) -> None:
        super().__init__()
        self.decoder = Decoder(width, feature_size)
        self._is_gated = is_gated

    def forward(self, asked: Asked, shown: Shown, output: Output) -> Tensor:
        """(N, F)."""
        gates_ND = gates(output, asked) if self._is_gated else None
        predicted_NF: Tensor = self.decoder(at(output.regions_BRD, asked), gates_ND)
        return predicted_NF


class PutBack(nn.Module):
    """Points at the regions whose features, as they stand in the input, belong here, and adds a correction.

    What was only moved need not pass through the hidden state, which holds far less than the features. Gates are the
    correction's.
    """

    def __init__(self, width: int, feature_size: int, *, is_gated: bool) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.correction = Decoder(width, feature_size)
        self._is_gated = is_gated

    def forward(self, asked: Asked, shown: Shown, output: Output) -> Tensor:
        """(N, F)."""
        states_BRD = output.regions_BRD
        scores_BRR = self.query(states_BRD) @ self.key(states_BRD).transpose(1, 2) / states_BRD.shape[2] ** 0.5
        mixed_BRF = scores_BRR.softmax(-1) @ shown.regions_BRF.float()
        gates_ND = gates(output, asked) if self._is_gated else None
        predicted_NF: Tensor = at(mixed_BRF, asked) + self.correction(at(states_BRD, asked), gates_ND)
        return predicted_NF


class FeatureRegression(Objective):
    """Predicts the features of the regions that `asked_of` marks; the loss is a mean over regions and dimensions."""

    needs: ClassVar[tuple[Modality, ...]] = ("images",)

    def __init__(
        self, *, head: nn.Module, feature_size: int, loss: str, asked_of: AskedOf, copies: Mapping[str, Predicted]
    ) -> None:
        """`copies` are blind predictors beside the mean feature, by name."""
        super().__init__()
        self.head = head
        self._distance = choose(DISTANCES, loss, where="option loss")
        self._asked_of = asked_of
        self._copies = copies
        self._feature_size = feature_size

    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """The features that the marked regions of the shown image have."""
        return (where(self._asked_of(batch), batch.true_sources(), are_sources=True),)

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """One part: the distance of each region asked for."""
        (features,) = asked
        return (self._distance(self.head(features, shown, output), features.targets_N),)

    def judge(self) -> Judge:
        """By the loss, against the mean feature of the regions asked for in training, and `copies`."""
        mean = _MeanFeature(self._distance, self._feature_size)
        copies = {name: _Copy(self._distance, predict) for name, predict in self._copies.items()}
        return LossJudge(self.losses, {"mean feature": mean, **copies})


class _MeanFeature(Blind):
    def __init__(self, distance: Callable[[Tensor, Tensor], Tensor], feature_size: int) -> None:
        self._distance = distance
        self._sum_F = torch.zeros(feature_size, dtype=torch.float64)
        self._num = 0

    def learn(self, asked: tuple[Asked, ...]) -> None:
        true_NF = asked[0].targets_N
        self._sum_F += true_NF.sum(0, dtype=torch.float64)
        self._num += len(true_NF)

    def losses(self, asked: tuple[Asked, ...], shown: Shown) -> Parts:
        true_NF = asked[0].targets_N
        mean_F = (self._sum_F / max(self._num, 1)).float()
        return (self._distance(mean_F.expand_as(true_NF), true_NF),)


class _Copy(Blind):
    """Predicts something that stands in the input."""

    def __init__(self, distance: Callable[[Tensor, Tensor], Tensor], predict: Predicted) -> None:
        self._distance = distance
        self._predict = predict

    def losses(self, asked: tuple[Asked, ...], shown: Shown) -> Parts:
        (features,) = asked
        return (self._distance(self._predict(at(shown.regions_BRF, features).float()), features.targets_N),)
