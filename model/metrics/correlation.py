"""Correlation of the numbers given with the published ones: Pearson's, and Spearman's, which is that of their ranks.

GLUE reports both of STS-B (https://gluebenchmark.com). Legend: N rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.benchmarks import Answered

_ROUNDING = 1e-12  # of the spread of equal numbers, as a share of their size


def pearson(given: ArrayLike, true: ArrayLike) -> float:
    """In [-1, 1]; 0 where one of the two is the same everywhere, of which nothing can be said."""
    given_N, true_N = (np.asarray(side, np.float64) for side in (given, true))
    one_N, other_N = given_N - given_N.mean(), true_N - true_N.mean()
    if any(
        np.abs(apart_N).max() <= _ROUNDING * np.abs(side_N).max()
        for apart_N, side_N in ((one_N, given_N), (other_N, true_N))
    ):
        return 0.0
    value = float(one_N @ other_N) / math.sqrt(float(one_N @ one_N) * float(other_N @ other_N))
    return max(-1.0, min(1.0, value))


def spearman(given: ArrayLike, true: ArrayLike) -> float:
    """Pearson's of the ranks, where equal numbers share the mean of theirs."""
    return pearson(_ranks(given), _ranks(true))


def correlations(answered: Sequence[Answered]) -> dict[str, float]:
    """Both, times 100, of answers that are numbers with the first published ones."""
    given = [float(row.answer) for row in answered]
    true = [float(row.published[0]) for row in answered]
    return {"Pearson": 100.0 * pearson(given, true), "Spearman": 100.0 * spearman(given, true)}


def _ranks(values: ArrayLike) -> NDArray[np.float64]:
    _, place_N, counts = np.unique(np.asarray(values, np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[place_N], np.float64)
