"""A loss per step as a few numbers: spans of steps with their moving mean and their range. Legend: N steps, S spans."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from report.contents import Curve

MAX_SPANS = 120
SMOOTHED_SHARE = 0.05
"""The width of the moving mean as a share of all steps."""


def summarise(steps_N: NDArray[np.int64], losses_N: NDArray[np.float64]) -> Curve | None:
    """The curve of a loss, or None where it was never finite (an objective with nothing to learn has no loss)."""
    num_steps = len(steps_N)
    is_known_N = np.isfinite(losses_N)
    steps_N, losses_N = steps_N[is_known_N], losses_N[is_known_N]
    if not len(steps_N):
        return None
    spans = np.array_split(np.arange(len(steps_N)), min(MAX_SPANS, len(steps_N)))
    middles_S = np.array([span[len(span) // 2] for span in spans])
    return Curve(
        num_steps=num_steps,
        step=[int(step) for step in steps_N[middles_S]],
        mean=_rounded(moving_mean(losses_N)[middles_S]),
        low=_rounded(np.array([losses_N[span].min() for span in spans])),
        high=_rounded(np.array([losses_N[span].max() for span in spans])),
    )


def moving_mean(losses_N: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each value and its neighbours; at both ends the window is cut, never filled."""
    half_width = int(len(losses_N) * SMOOTHED_SHARE) // 2
    sums = np.concatenate([[0.0], np.cumsum(losses_N)])
    positions_N = np.arange(len(losses_N))
    first_N = np.maximum(positions_N - half_width, 0)
    last_N = np.minimum(positions_N + half_width + 1, len(losses_N))
    means: NDArray[np.float64] = (sums[last_N] - sums[first_N]) / (last_N - first_N)
    return means


def _rounded(values_S: NDArray[np.float64]) -> list[float]:
    """Six significant digits: more than a chart shows, and a third of the bytes."""
    return [float(f"{value:.6g}") for value in values_S]
