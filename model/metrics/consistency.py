"""NLVR2's consistency: the share of sets of statements of which every one is answered right.

A set is one sentence with each of the pairs of images that it was written for (https://arxiv.org/abs/1811.00491,
https://github.com/lil-lab/nlvr, nlvr2/eval/metrics.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from model.benchmarks import Answered
from model.metrics.accuracy import is_right


def consistency(answered: Sequence[Answered]) -> float:
    """In per cent of the sets."""
    all_right: dict[str, bool] = {}
    for row in answered:
        all_right[row.set_id] = all_right.get(row.set_id, True) and is_right(row)
    return 100.0 * sum(all_right.values()) / len(all_right)
