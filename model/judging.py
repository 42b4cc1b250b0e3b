"""How an objective is judged on held-out rows: the model beside predictors that see neither text nor image.

Blind predictors learn from training rows only. Legend: B rows, N things asked, C classes or candidates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from model.batch import Output, on_device
from model.exercise import Asked, Shown, weighted

Parts = tuple[Tensor, ...]  # the loss of every single thing asked, for each part of an objective


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """One line of held_out.json. Lower is better for a loss, higher for the others."""

    metric: Literal["loss", "average_precision", "accuracy"]
    model: float
    blind: Mapping[str, float]
    num_rows: int


class Judge(ABC):
    """Learns its blind predictors from training rows, then compares the model with them on held-out rows."""

    @abstractmethod
    def learn(self, asked: tuple[Asked, ...]) -> None:
        """Take what the objective asks of training rows, on the host."""

    @abstractmethod
    def score(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> None:
        """Take what it asks of held-out rows, and what the model makes of them."""

    @abstractmethod
    def result(self) -> HeldOut:
        """The comparison, over all rows taken."""


class Blind(ABC):
    """A predictor that knows the training rows and not the input."""

    def learn(self, asked: tuple[Asked, ...]) -> None:  # noqa: B027  # a predictor may have nothing to learn
        """Take what is asked of training rows, on the host."""

    @abstractmethod
    def losses(self, asked: tuple[Asked, ...], shown: Shown) -> Parts:
        """Its losses on held-out rows, in the same parts as the model's. All of it is on the host."""


class LossJudge(Judge):
    """Judges by the loss: the sum over parts of the mean over everything asked in all rows."""

    def __init__(self, losses: Callable[[tuple[Asked, ...], Shown, Output], Parts], blind: Mapping[str, Blind]) -> None:
        self._losses = losses
        self._blind = blind
        self._model = _Means()
        self._means = {name: _Means() for name in blind}
        self._num_rows = 0

    def learn(self, asked: tuple[Asked, ...]) -> None:
        """Take training rows."""
        for predictor in self._blind.values():
            predictor.learn(asked)

    def score(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> None:
        """Take held-out rows."""
        self._num_rows += len(shown.text_BL)
        self._model.add(_weighted(self._losses(asked, shown, output), asked))
        asked_here, shown_here = on_device((asked, shown), "cpu")
        for name, predictor in self._blind.items():
            self._means[name].add(_weighted(predictor.losses(asked_here, shown_here), asked_here))

    def result(self) -> HeldOut:
        """The losses."""
        blind = {name: means.total() for name, means in self._means.items()}
        return HeldOut(metric="loss", model=self._model.total(), blind=blind, num_rows=self._num_rows)


def _weighted(losses: Parts, asked: tuple[Asked, ...]) -> Parts:
    return tuple(weighted(losses_N, part) for losses_N, part in zip(losses, asked, strict=True))


class _Means:
    """Sums and counts of each part, in double precision."""

    def __init__(self) -> None:
        self._sums: list[float] = []
        self._counts: list[int] = []

    def add(self, parts: Parts) -> None:
        if not self._sums:
            self._sums, self._counts = [0.0] * len(parts), [0] * len(parts)
        for number, losses_N in enumerate(parts):
            self._sums[number] += float(losses_N.double().sum())
            self._counts[number] += len(losses_N)

    def total(self) -> float:
        return sum(total / max(count, 1) for total, count in zip(self._sums, self._counts, strict=True))


class Frequencies:
    """How often each class was asked for, every class once more than it was seen."""

    def __init__(self, num_classes: int) -> None:
        self._counts_C = torch.ones(num_classes, dtype=torch.float64)

    def add(self, targets_N: Tensor) -> None:
        """Count some targets."""
        self._counts_C += torch.bincount(targets_N, minlength=len(self._counts_C))

    def logits(self, num_rows: int) -> Tensor:
        """Log-probabilities of the classes, the same for each of `num_rows`, (num_rows, C)."""
        return (self._counts_C / self._counts_C.sum()).log().float().expand(num_rows, -1)

    def losses(self, targets_N: Tensor) -> Tensor:
        """The cross-entropy of predicting these frequencies, (N,)."""
        return functional.cross_entropy(self.logits(len(targets_N)), targets_N, reduction="none")


class AccuracyJudge(Judge):
    """Judges a yes-or-no question by accuracy, against always giving the answer most frequent in training.

    `answers` are those that are asked for, on the host; `answered` the model's scores beside them.
    """

    def __init__(
        self,
        *,
        answers: Callable[[tuple[Asked, ...]], Tensor],
        answered: Callable[[tuple[Asked, ...], Output], tuple[Tensor, Tensor]],
    ) -> None:
        self._answers = answers
        self._answered = answered
        self._balance = 0  # yes minus no in training rows
        self._num_right = 0
        self._num_yes = 0
        self._num_answers = 0
        self._num_rows = 0

    def learn(self, asked: tuple[Asked, ...]) -> None:
        """Take training rows."""
        answers_N = self._answers(asked)
        self._balance += 2 * int(answers_N.sum()) - len(answers_N)

    def score(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> None:
        """Take held-out rows; a score above 0 says yes."""
        scores_N, answers_N = self._answered(asked, output)
        self._num_right += int(((scores_N > 0) == answers_N).sum())
        self._num_yes += int(answers_N.sum())
        self._num_answers += len(answers_N)
        self._num_rows += len(asked[0].places_N)

    def result(self) -> HeldOut:
        """The accuracies."""
        num_answers = max(self._num_answers, 1)
        majority = self._num_yes if self._balance >= 0 else self._num_answers - self._num_yes
        blind = {"majority": majority / num_answers}
        return HeldOut(metric="accuracy", model=self._num_right / num_answers, blind=blind, num_rows=self._num_rows)


class PrecisionJudge(Judge):
    """Judges multi-label scores by micro average precision: over all (row, candidate) pairs at once."""

    def __init__(
        self,
        scores: Callable[[tuple[Asked, ...], Output], Tensor],
        targets: Callable[[tuple[Asked, ...]], Tensor],
        num_candidates: int,
    ) -> None:
        self._scores = scores
        self._targets = targets
        self._counts_C = torch.zeros(num_candidates, dtype=torch.float64)
        self._scored: list[tuple[Tensor, Tensor]] = []

    def learn(self, asked: tuple[Asked, ...]) -> None:
        """Take training rows."""
        self._counts_C += self._targets(asked).sum(0)

    def score(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> None:
        """Take held-out rows."""
        self._scored.append((self._scores(asked, output).cpu(), self._targets(asked).cpu()))

    def result(self) -> HeldOut:
        """The average precisions."""
        scores = torch.cat([scores_BC for scores_BC, _ in self._scored])
        targets = torch.cat([targets_BC for _, targets_BC in self._scored]).bool().numpy().ravel()
        frequencies = self._counts_C.expand(len(scores), -1).numpy().ravel()
        return HeldOut(
            metric="average_precision",
            model=average_precision(scores.numpy().ravel(), targets),
            blind={"label frequencies": average_precision(frequencies, targets)},
            num_rows=len(scores),
        )


def average_precision(scores_N: NDArray[np.floating], targets_N: NDArray[np.bool_]) -> float:
    """The mean over true pairs of the precision among all pairs that score at least as high; 0 without true pairs.

    Equal scores are one step, so that the order of rows cannot matter.
    """
    order_N = np.argsort(-scores_N, kind="stable")
    ranked_N = scores_N[order_N]
    last_of_ties_N = np.searchsorted(-ranked_N, -ranked_N, side="right") - 1
    precision_N = np.cumsum(targets_N[order_N]) / np.arange(1, len(order_N) + 1)
    of_true_N = precision_N[last_of_ties_N][targets_N[order_N]]
    return float(of_true_N.mean()) if len(of_true_N) else 0.0
