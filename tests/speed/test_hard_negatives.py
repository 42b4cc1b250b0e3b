from __future__ import annotations

import pytest

from speed.hard_negatives import Size, measure


def test_a_small_size_is_measured_against_both_and_faiss_finds_the_same() -> None:
    pytest.importorskip("faiss", reason="needs the extra `speed`")
    against_faiss, against_product = measure([Size(num_vectors=600, num_dimensions=8)], num_workers=1, num_rounds=1)
    assert against_faiss.work == "exact top 100 of 600 x 8"
    assert against_faiss.notes == {"agreement": "1.0000"}
    assert against_product.against == "the matrix product alone"
    assert against_faiss.ours == against_product.ours
