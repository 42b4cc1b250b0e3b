"""Logistic regression on all rows at once: the same weights whatever the start, since the loss is convex.

Legend: N rows, D features, A answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

MAX_STEPS = 300
_TOLERANCE = 1e-7
_LEAST_SPREAD = 1e-6  # of a feature, below which it says nothing


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Mean and deviation of each feature of the training rows."""

    mean_D: Tensor
    deviation_D: Tensor

    @classmethod
    def of(cls, features_ND: Tensor) -> Scale:
        """Those of some rows; a feature that is the same everywhere is left as far from its mean as it is."""
        deviation_D = features_ND.double().std(0, correction=0).float()
        return cls(
            mean_D=features_ND.double().mean(0).float(),
            deviation_D=deviation_D.where(deviation_D > _LEAST_SPREAD, 1.0),
        )

    def __call__(self, features_ND: Tensor) -> Tensor:
        """The features in units of their deviation from their mean."""
        return (features_ND - self.mean_D) / self.deviation_D


@dataclass(frozen=True, kw_only=True)
class Logistic:
    """Weights and biases of the answers' logits."""

    weight_AD: Tensor
    bias_A: Tensor

    def probabilities(self, features_ND: Tensor) -> Tensor:
        """Of each answer, (N, A)."""
        return functional.linear(features_ND, self.weight_AD, self.bias_A).softmax(1)


def fit(
    features_ND: Tensor, right_N: Tensor, *, num_answers: int, l2: float, start: Logistic | None = None
) -> Logistic:
    """Least mean cross-entropy plus `l2` / 2 times the sum of squared weights (not biases), by L-BFGS.

    `start` saves steps where weights of another `l2` are known.
    """
    size = (num_answers, features_ND.shape[1])
    weight_AD = torch.zeros(size) if start is None else start.weight_AD.clone()
    bias_A = torch.zeros(num_answers) if start is None else start.bias_A.clone()
    parameters = [weight_AD.requires_grad_(), bias_A.requires_grad_()]
    optimizer = torch.optim.LBFGS(
        parameters,
        max_iter=MAX_STEPS,
        tolerance_grad=_TOLERANCE,
        tolerance_change=_TOLERANCE**2,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits_NA = functional.linear(features_ND, weight_AD, bias_A)
        value = functional.cross_entropy(logits_NA, right_N) + 0.5 * l2 * weight_AD.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    return Logistic(weight_AD=weight_AD.detach(), bias_A=bias_A.detach())
