"""Regressing the true features of some regions: what MRFR and IFRS have in common.

Legend: B rows, R regions, F features, N regions asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from model.batch import Batch, Output
from model.heads import DISTANCES, Decoder
from model.judging import Blind, Judge, LossJudge, Parts
from model.objectives import Objective
from model.plugins import choose

Asked = Callable[[Batch], Tensor]  # which regions are asked for, (B, R)
Predicted = Callable[[Batch], Tensor]  # features that are predicted without a model, (B, R, F)


class Regenerate(nn.Module):
    """The paper's head: features made anew from a region's hidden state, through transform and decoder."""

    def __init__(self, width: int, feature_size: int) -> None:
        super().__init__()
        self.decoder = Decoder(width, feature_size)

    def forward(self, batch: Batch, output: Output, asked_BR: Tensor) -> Tensor:
        """(N, F)."""
        predicted_NF: Tensor = self.decoder(output.regions_BRD[asked_BR])
        return predicted_NF


class PutBack(nn.Module):
    """Points at the regions whose features, as they stand in the input, belong here, and adds a correction.

    What was only moved need not pass through the hidden state, which holds far less than the features.
    """

    def __init__(self, width: int, feature_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.correction = Decoder(width, feature_size)

    def forward(self, batch: Batch, output: Output, asked_BR: Tensor) -> Tensor:
        """(N, F)."""
        states_BRD = output.regions_BRD
        scores_BRR = self.query(states_BRD) @ self.key(states_BRD).transpose(1, 2) / states_BRD.shape[2] ** 0.5
        mixed_BRF = scores_BRR.softmax(-1) @ batch.regions_BRF
        predicted_NF: Tensor = mixed_BRF[asked_BR] + self.correction(states_BRD[asked_BR])
        return predicted_NF


class FeatureRegression(Objective):
    """Predicts the features of the regions that `asked` marks; the loss is a mean over regions and dimensions."""

    def __init__(
        self, *, head: nn.Module, feature_size: int, loss: str, asked: Asked, copies: Mapping[str, Predicted]
    ) -> None:
        """`copies` are blind predictors beside the mean feature, by name."""
        super().__init__()
        self.head = head
        self._distance = choose(DISTANCES, loss, where="option loss")
        self._asked = asked
        self._copies = copies
        self._feature_size = feature_size

    def losses(self, batch: Batch, output: Output) -> Parts:
        """One part: the distance of each region asked for."""
        asked_BR = self._asked(batch)
        predicted_NF = self.head(batch, output, asked_BR)
        return (self._distance(predicted_NF, batch.true_regions_BRF[asked_BR]),)

    def judge(self) -> Judge:
        """By the loss, against the mean feature of the regions asked for in training, and `copies`."""
        mean = _MeanFeature(self._asked, self._distance, self._feature_size)
        copies = {name: _Copy(self._asked, self._distance, predict) for name, predict in self._copies.items()}
        return LossJudge(self.losses, {"mean feature": mean, **copies})


class _MeanFeature(Blind):
    def __init__(self, asked: Asked, distance: Callable[[Tensor, Tensor], Tensor], feature_size: int) -> None:
        self._asked = asked
        self._distance = distance
        self._sum_F = torch.zeros(feature_size, dtype=torch.float64)
        self._num = 0

    def learn(self, batch: Batch) -> None:
        true_NF = batch.true_regions_BRF[self._asked(batch)]
        self._sum_F += true_NF.sum(0, dtype=torch.float64)
        self._num += len(true_NF)

    def losses(self, batch: Batch) -> Parts:
        true_NF = batch.true_regions_BRF[self._asked(batch)]
        mean_F = (self._sum_F / max(self._num, 1)).float()
        return (self._distance(mean_F.expand_as(true_NF), true_NF),)


class _Copy(Blind):
    """Predicts something that stands in the input."""

    def __init__(self, asked: Asked, distance: Callable[[Tensor, Tensor], Tensor], predict: Predicted) -> None:
        self._asked = asked
        self._distance = distance
        self._predict = predict

    def losses(self, batch: Batch) -> Parts:
        asked_BR = self._asked(batch)
        return (self._distance(self._predict(batch)[asked_BR], batch.true_regions_BRF[asked_BR]),)
