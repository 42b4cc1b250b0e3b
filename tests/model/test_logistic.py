"""Logistic regression beside scikit-learn's, and what a constant feature does."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from model import logistic
from model.logistic import Scale


def _rows(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(seed)
    features_ND = random.normal(size=(60, 4))
    right_N = (features_ND[:, 0] + 0.5 * random.normal(size=60) > 0).astype(np.int64) + (features_ND[:, 1] > 0.8)
    return torch.from_numpy(features_ND).float(), torch.from_numpy(right_N)


def test_it_finds_what_scikit_learn_finds() -> None:
    features_ND, right_N = _rows(1)
    # scikit-learn's C weighs the summed loss: 1 / (l2 x rows).
    known = LogisticRegression(C=1 / (0.05 * 60), tol=1e-9, max_iter=1000).fit(features_ND.numpy(), right_N.numpy())
    found = logistic.fit(features_ND, right_N, num_answers=3, l2=0.05)
    expected_NA = known.predict_proba(features_ND.numpy())
    np.testing.assert_allclose(found.probabilities(features_ND).numpy(), expected_NA, atol=2e-4)


def test_where_it_starts_changes_nothing_and_an_answer_without_rows_is_unlikely() -> None:
    features_ND, right_N = _rows(2)
    loose = logistic.fit(features_ND, right_N, num_answers=4, l2=0.001)
    cold = logistic.fit(features_ND, right_N, num_answers=4, l2=0.1)
    warm = logistic.fit(features_ND, right_N, num_answers=4, l2=0.1, start=loose)
    torch.testing.assert_close(warm.probabilities(features_ND), cold.probabilities(features_ND), rtol=0.0, atol=1e-3)
    assert cold.probabilities(features_ND)[:, 3].max() < 0.05


def test_a_scale_leaves_a_constant_feature_at_zero() -> None:
    features_ND = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    scale = Scale.of(features_ND)
    torch.testing.assert_close(scale(features_ND), torch.tensor([[-1.0, 0.0], [1.0, 0.0]]))
    torch.testing.assert_close(scale(torch.tensor([[2.0, 6.0]])), torch.tensor([[0.0, 1.0]]))
