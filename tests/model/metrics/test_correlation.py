"""Correlations beside SciPy's and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # it comes with scikit-learn, and is used in tests alone

from model.benchmarks import Answered
from model.metrics.correlation import correlations, pearson, spearman

NUMBERS = st.lists(st.sampled_from([0.0, 0.25, 1.0, 2.5, 3.75, 5.0]), min_size=3, max_size=30)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(given_N=NUMBERS, seed=st.integers(0, 1000))
def test_they_are_scipys_with_ties_and_without(given_N: list[float], seed: int) -> None:
    noise_N = np.random.default_rng(seed).normal(size=len(given_N)).round(1)
    true_N = np.asarray(given_N) + noise_N
    if len(set(given_N)) < 2 or len(set(true_N.tolist())) < 2:
        return
    assert pearson(given_N, true_N) == pytest.approx(stats.pearsonr(given_N, true_N).statistic, abs=1e-12)
    assert spearman(given_N, true_N) == pytest.approx(stats.spearmanr(given_N, true_N).statistic, abs=1e-12)


def test_by_hand_one_swap_of_three_leaves_a_half() -> None:
    assert pearson([1, 2, 3], [1, 3, 2]) == pytest.approx(0.5)
    assert spearman([10, 20, 300], [1, 3, 2]) == pytest.approx(0.5)
    assert spearman([1, 1, 2], [1, 1, 9]) == 1.0


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9])
def test_of_numbers_that_are_all_the_same_nothing_is_said(value: float) -> None:
    assert pearson([value] * 3, [1, 2, 3]) == 0.0
    assert pearson([1, 2, 3], [value] * 3) == 0.0
    assert spearman([value] * 3, [1, 2, 3]) == 0.0


def test_answers_are_read_as_numbers() -> None:
    rows = [
        Answered(row_id=answer, kind="", set_id="", published=(true,), targets={}, answer=answer)
        for answer, true in (("0.5", "0"), ("-1.25", "1.000"), ("3e0", "2"))
    ]
    found = correlations(rows)
    assert found["Pearson"] == pytest.approx(100 * stats.pearsonr([0.5, -1.25, 3.0], [0, 1, 2]).statistic)
    assert found["Spearman"] == pytest.approx(50.0)
