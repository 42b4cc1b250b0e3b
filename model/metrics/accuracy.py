"""Accuracy: the share of rows whose answer is a published one, letter for letter."""

from __future__ import annotations

from collections.abc import Sequence

from model.benchmarks import Answered


def is_right(row: Answered) -> bool:
    """Whether the answer is one of the published ones."""
    return row.answer in row.published


def accuracy(answered: Sequence[Answered]) -> float:
    """In per cent of the rows."""
    return 100.0 * sum(map(is_right, answered)) / len(answered)
