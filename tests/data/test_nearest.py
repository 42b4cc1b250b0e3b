"""The exact search. Legend: M vectors, F dimensions, K neighbours, L labelings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.neighbors import BallTree

from data import nearest
from data.errors import UserError
from data.nearest import Among, Measure, Nearest, ProductSieve, comparable, search
from data.nearest_on_gpu import TorchSieve


def _among(
    vectors_MF: NDArray[np.float32],
    *,
    measure: Measure = "cosine",
    num_kept: int = 100,
    labels: tuple[NDArray[np.integer], ...] | None = None,
) -> Among:
    own = (np.arange(len(vectors_MF)),)
    return Among(vectors_MF=vectors_MF, labels=labels or own, measure=measure, num_kept=num_kept)


def _clustered(num_vectors: int, num_dimensions: int, *, num_copies: int = 0) -> NDArray[np.float32]:
    """Unit vectors near a few centres, the last of which are copies of the first."""
    generator = np.random.default_rng(num_vectors)
    centres = generator.normal(size=(20, num_dimensions))
    vectors_MF = centres[generator.integers(0, 20, num_vectors)] + generator.normal(size=(num_vectors, num_dimensions))
    vectors_MF[num_vectors - num_copies :] = vectors_MF[:num_copies]
    return comparable(vectors_MF)


def _sorted_in_full(vectors_MF: NDArray[np.float32], num_kept: int) -> Nearest:
    """All cosines in float64, sorted by falling score, then place."""
    cosines_MM = vectors_MF.astype(np.float64) @ vectors_MF.T.astype(np.float64)
    np.fill_diagonal(cosines_MM, -2)
    places_MK = np.argsort(-cosines_MM, axis=1, kind="stable")[:, :num_kept]
    return Nearest(places_QK=places_MK.astype(np.int32), scores_QK=np.take_along_axis(cosines_MM, places_MK, axis=1))


def _assert_same(found: Nearest, expected: Nearest) -> None:
    assert found.places_QK.tobytes() == expected.places_QK.tobytes()
    assert found.scores_QK.tobytes() == expected.scores_QK.tobytes()


def test_what_is_found_are_the_bytes_of_a_full_sort_where_whole_chunks_are_passed_over_and_many_tie() -> None:
    vectors_MF = _clustered(20_000, 8, num_copies=700)  # enough vectors for floors from chunks
    found = search(_among(vectors_MF), range(19_500, 19_900))
    cosines_QM = vectors_MF[19_500:19_900].astype(np.float64) @ vectors_MF.T.astype(np.float64)
    cosines_QM[np.arange(400), np.arange(19_500, 19_900)] = -2
    places_QK = np.argsort(-cosines_QM, axis=1, kind="stable")[:, :100]
    expected = Nearest(
        places_QK=places_QK.astype(np.int32), scores_QK=np.take_along_axis(cosines_QM, places_QK, axis=1)
    )
    _assert_same(found, expected)
    assert (found.places_QK[:, 0] == np.arange(19_500, 19_900) - 19_300).all()  # the copies, with a cosine of 1


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_no_size_of_block_and_no_cut_changes_a_bit(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors_MF = _clustered(600, 40, num_copies=50)
    expected = _sorted_in_full(vectors_MF, 30)
    monkeypatch.setattr(nearest, "_MAX_BLOCK", size)
    monkeypatch.setattr(nearest, "_PIECE", size)
    among = _among(vectors_MF, num_kept=30)
    parts = [search(among, part) for part in (range(0, 1), range(1, 350), range(350, 600))]
    found = Nearest(
        places_QK=np.concatenate([part.places_QK for part in parts]),
        scores_QK=np.concatenate([part.scores_QK for part in parts]),
    )
    _assert_same(found, expected)


@pytest.mark.parametrize("measure", ["cosine", "euclidean"])
@pytest.mark.parametrize("num_vectors", [50, 600, 20_000])
def test_torch_lets_pass_what_leads_to_the_same_bytes(measure: Measure, num_vectors: int) -> None:
    among = _among(_clustered(num_vectors, 40, num_copies=20), measure=measure)
    sought = range(num_vectors - 40, num_vectors)
    _assert_same(search(among, sought, TorchSieve(among, device="cpu")), search(among, sought, ProductSieve(among)))


def test_a_missing_gpu_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UserError, match="search_on = cpu"):
        TorchSieve(_among(_clustered(10, 3)))


@pytest.mark.parametrize("measure", ["cosine", "euclidean"])
@given(
    rows=st.lists(st.lists(st.integers(-2, 2), min_size=2, max_size=2), min_size=1, max_size=25),
    groups=st.lists(st.integers(0, 6), min_size=25, max_size=25),
    photos=st.lists(st.integers(0, 12), min_size=25, max_size=25),
    num_kept=st.integers(1, 30),
)
@settings(max_examples=80, deadline=None)
def test_every_vector_that_is_no_duplicate_is_found_in_order(
    measure: Measure, rows: list[list[int]], groups: list[int], photos: list[int], num_kept: int
) -> None:
    whole = np.array(rows, np.float64)
    vectors_MF = comparable(whole) if measure == "cosine" else whole.astype(np.float32)
    labels = (np.array(groups[: len(rows)]), np.array(photos[: len(rows)]))
    found = search(_among(vectors_MF, measure=measure, num_kept=num_kept, labels=labels), range(len(rows)))
    for place, (neighbours, scores) in enumerate(zip(found.places_QK, found.scores_QK, strict=True)):
        others = [n for n in range(len(rows)) if groups[n] != groups[place] and photos[n] != photos[place]]
        if measure == "cosine":
            score = {n: float(vectors_MF[n].astype(np.float64) @ vectors_MF[place]) for n in others}
        else:
            score = {n: -math.dist(whole[n], whole[place]) for n in others}
        best = sorted(others, key=lambda n: (-score[n], n))[:num_kept]
        padding = num_kept - len(best)
        assert neighbours.tolist() == [*best, *[-1] * padding]
        assert scores.tolist() == [*[score[n] for n in best], *[0.0] * padding]


def test_products_of_comparable_vectors_are_the_same_in_any_order_of_summing() -> None:
    vectors_MF = comparable(np.abs(np.random.default_rng(1).normal(size=(40, 2048)))).astype(np.float64)
    forth_MM = vectors_MF @ vectors_MF.T
    back_MM = vectors_MF[:, ::-1].copy() @ vectors_MF[:, ::-1].T.copy()
    one_by_one_MM = np.array([[sum((a * b).tolist()) for a in vectors_MF] for b in vectors_MF])
    assert (forth_MM == back_MM).all()
    assert (forth_MM == one_by_one_MM).all()


def test_comparable_vectors_have_length_1_and_steps_of_a_26th_power() -> None:
    vectors = comparable(np.array([[3.0, 4.0], [0.0, 0.0], [-1e-9, 1.0]]))
    assert vectors[:2].tolist() == [[np.float32(0.6), np.float32(0.8)], [0.0, 0.0]]
    assert vectors[2].tolist() == [0.0, 1.0]
    assert vectors.dtype == np.float32


@pytest.mark.parametrize("grid", [True, False])
def test_vilberts_pool_is_found_as_scikit_learns_ball_tree_finds_it(grid: bool) -> None:
    # 2,000 vectors: on a grid many distances tie, which the tree leaves in no order; off it none do.
    generator = np.random.default_rng(3)
    values = generator.integers(0, 3, (2000, 4)) if grid else generator.random((2000, 16))
    vectors_MF = values.astype(np.float32)
    distances, places = BallTree(vectors_MF.astype(np.float64)).query(vectors_MF.astype(np.float64), k=100)
    found = search(_among(vectors_MF, measure="euclidean", num_kept=99), range(2000))
    np.testing.assert_allclose(-found.scores_QK, distances[:, 1:], rtol=1e-14)
    if grid:  # of those that tie at the end of the list either may be named; all that are nearer are the same
        for row, (ours, theirs) in enumerate(zip(found.places_QK, places, strict=True)):
            last = distances[row, -1]
            nearer = set(theirs[distances[row] < last].tolist()) - {row}
            assert nearer == set(ours[-found.scores_QK[row] < last].tolist())
        assert (np.diff(distances, axis=1) == 0).mean() > 0.5
    else:
        assert (places[:, 0] == np.arange(2000)).all()
        np.testing.assert_array_equal(found.places_QK, places[:, 1:])
