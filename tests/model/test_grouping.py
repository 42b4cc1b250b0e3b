"""The walk beside one written as plainly as it can be, worked examples, and what must hold for any features."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.grouping import Batches, Floats, Rows, Tables, apart, cut, hardest_similarity, walk


def plain_walk(image_ME: Floats, text_ME: Floats, images: list[int] | None, *, batch_size: int) -> list[int]:
    """The walk to the most similar, over lists."""
    similar = (image_ME @ text_ME.T).tolist()
    order = [0]
    while len(order) < len(similar):
        batch = order[len(order) - len(order) % batch_size :]
        unvisited = [place for place in range(len(similar)) if place not in order]
        shown = set() if images is None else {images[place] for place in batch}
        candidates = [place for place in unvisited if images is None or images[place] not in shown] or unvisited
        is_image, here = len(order) % 2 == 1, order[-1]
        order.append(max(candidates, key=lambda other: similar[here][other] if is_image else similar[other][here]))
    return order


def published_walk(image_ME: Floats, text_ME: Floats, *, temperature: float) -> list[int]:
    """As the published code walks: over softmax, with rows and columns set to zero, begun at place 0."""
    similar = image_ME @ text_ME.T / temperature
    tables = []
    for logits in (similar, similar.T):
        exponents = np.exp(logits - logits.max(1, keepdims=True), dtype=np.float32)
        tables.append(exponents / exponents.sum(1, keepdims=True))
        np.fill_diagonal(tables[-1], 0)
    order = [0]
    for step in range(len(similar) - 1):
        for table in tables:
            table[:, order[-1]] = 0
        order.append(int(tables[step % 2][order[-1]].argmax()))
    return order


def features(num_rows: int, *, width: int = 4, seed: int = 0) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    image_ME, text_ME = (generator.normal(size=(num_rows, width)).astype(np.float32) for _ in range(2))
    return tuple(each / np.linalg.norm(each, axis=1, keepdims=True) for each in (image_ME, text_ME))  # type: ignore[return-value]


def clustered(num_rows: int, num_clusters: int, *, seed: int = 0, width: int = 16) -> tuple[Floats, Floats]:
    """Images and texts around the centres of so many clusters."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(num_clusters, width))[generator.integers(0, num_clusters, num_rows)]
    both = [centres + 0.7 * generator.normal(size=centres.shape) for _ in range(2)]
    return tuple((each / np.linalg.norm(each, axis=1, keepdims=True)).astype(np.float32) for each in both)  # type: ignore[return-value]


def repeats(batches: Batches, images_N: Rows) -> int:
    """How many rows share their image with an earlier one of their mini-batch."""
    return sum(len(rows_B) - len(set(images_N[rows_B].tolist())) for rows_B in batches)


def test_it_goes_from_an_image_to_a_text_and_from_that_text_to_an_image() -> None:
    image_ME = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]], np.float32)
    text_ME = np.array([[0, 0, 0], [0, 3, 1], [2, 5, 0], [1, 0, 7]], np.float32)
    # image 0: texts 1, 2, 3 are 0, 2, 1 alike -> text 2: images 1, 3 are 5, 7 alike -> image 3: text 1 is left.
    assert walk(image_ME, text_ME, batch_size=4).tolist() == [0, 2, 3, 1]


def test_rows_of_an_image_that_the_mini_batch_has_wait_for_the_next_one() -> None:
    image_ME = text_ME = np.array([[1, 0], [1, 0], [0.9, 0], [0, 1]], np.float32)
    images_M = np.array([7, 7, 8, 9])
    assert walk(image_ME, text_ME, batch_size=2).tolist() == [0, 1, 2, 3]
    assert walk(image_ME, text_ME, images_M, batch_size=2).tolist() == [0, 2, 1, 3]


def test_where_only_rows_of_such_images_are_left_they_come_nevertheless() -> None:
    image_ME, text_ME = features(5)
    found = walk(image_ME, text_ME, np.array([1, 1, 1, 1, 2]), batch_size=5).tolist()
    assert found[:2] == [0, 4]
    assert sorted(found) == [0, 1, 2, 3, 4]


def test_hardness_is_the_quantile_of_those_that_can_be_gone_to() -> None:
    image_ME = np.ones((6, 1), np.float32)
    text_ME = np.array([[9], [1], [2], [3], [4], [5]], np.float32)  # from image 0: texts 1 to 5, the quantile of five
    found = [int(walk(image_ME, text_ME, batch_size=6, hardness=hardness)[1]) for hardness in (0, 0.25, 0.5, 0.75, 1)]
    assert found == [1, 2, 3, 4, 5]


def test_one_row_and_no_row_are_walks_too() -> None:
    image_ME, text_ME = features(1)
    assert walk(image_ME, text_ME, batch_size=3).tolist() == [0]
    assert cut(np.arange(0), 3) == []


@settings(deadline=None)
@given(
    num_rows=st.integers(1, 24),
    batch_size=st.integers(1, 7),
    num_images=st.one_of(st.none(), st.integers(1, 12)),
    seed=st.integers(0, 10**6),
)
def test_it_is_the_plain_walk(num_rows: int, batch_size: int, num_images: int | None, seed: int) -> None:
    image_ME, text_ME = features(num_rows, seed=seed)
    images_M = None if num_images is None else np.random.default_rng(seed).integers(0, num_images, num_rows)
    images = None if images_M is None else images_M.tolist()
    found = walk(image_ME, text_ME, images_M, batch_size=batch_size)
    assert found.dtype == np.int64
    assert found.tolist() == plain_walk(image_ME, text_ME, images, batch_size=batch_size)


@settings(deadline=None)
@given(
    num_rows=st.integers(1, 24),
    batch_size=st.integers(1, 7),
    hardness=st.floats(0, 1),
    seed=st.integers(0, 10**6),
    are_equal=st.booleans(),
)
def test_it_is_a_permutation_for_every_hardness_and_for_equal_features(
    num_rows: int, batch_size: int, hardness: float, seed: int, are_equal: bool
) -> None:
    image_ME, text_ME = features(num_rows, seed=seed)
    if are_equal:
        image_ME[:] = text_ME[:] = 0
    images_M = np.random.default_rng(seed).integers(0, 5, num_rows)
    found = walk(image_ME, text_ME, images_M, batch_size=batch_size, hardness=hardness)
    assert sorted(found.tolist()) == list(range(num_rows))


def test_at_an_ordinary_temperature_it_is_the_published_walk_and_at_a_low_one_it_still_loses_no_row() -> None:
    image_ME, text_ME = clustered(200, 4)
    found = walk(image_ME, text_ME, batch_size=20)
    assert found.tolist() == published_walk(image_ME, text_ME, temperature=0.07)
    assert len(set(published_walk(image_ME, text_ME, temperature=0.001))) < 200  # what the softmax loses
    assert found.tolist() == walk(image_ME * 100, text_ME * 10, batch_size=20).tolist()  # a temperature of 0.001
    assert len(set(found.tolist())) == 200


def test_features_that_are_not_finite_are_no_walk() -> None:
    image_ME, text_ME = features(3)
    image_ME[1, 1] = math.nan
    with pytest.raises(AssertionError, match="finite"):
        walk(image_ME, text_ME, batch_size=3)


def test_a_row_changes_places_with_one_of_another_mini_batch_so_that_images_meet_no_more() -> None:
    images_N = np.array([1, 1, 2, 3, 4, 2])
    found = apart([np.array([0, 1, 2]), np.array([3, 4, 5])], images_N)
    assert [rows_B.tolist() for rows_B in found] == [[0, 3, 2], [1, 4, 5]]


def test_what_cannot_be_helped_stays() -> None:
    batches = [np.array([0, 1]), np.array([2])]
    assert [rows_B.tolist() for rows_B in apart(batches, np.array([1, 1, 1]))] == [[0, 1], [2]]


@settings(deadline=None)
@given(data=st.data(), num_batches=st.integers(1, 6), batch_size=st.integers(1, 6))
def test_no_images_meet_that_need_not(data: st.DataObject, num_batches: int, batch_size: int) -> None:
    rows = st.lists(st.integers(0, 8), min_size=num_batches * batch_size, max_size=num_batches * batch_size)
    images_N = np.array(data.draw(rows), np.int64)
    batches = cut(np.arange(len(images_N)), batch_size)
    found = apart(batches, images_N)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(images_N)))
    assert [len(rows_B) for rows_B in found] == [len(rows_B) for rows_B in batches]
    counts = np.bincount(images_N)
    assert repeats(found, images_N) == np.maximum(counts - num_batches, 0).sum()


def batches_of(space: int, image_NE: Floats, text_NE: Floats, *, batch_size: int) -> Batches:
    """All rows, in their order, walked through in search spaces of that size."""
    spaces = cut(np.arange(len(image_NE)), space)
    walked = [rows_M[walk(image_NE[rows_M], text_NE[rows_M], batch_size=batch_size)] for rows_M in spaces]
    return [rows_B for rows_M in walked for rows_B in cut(rows_M, batch_size)]


def test_the_hardest_similarity_is_that_of_another_rows_text() -> None:
    image_NE = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    text_NE = np.array([[5, 5], [2, 0], [0, 3]], np.float32)
    # 0 meets text 1: 2; 1 meets text 0: 5; row 2 is alone
    assert hardest_similarity([np.array([0, 1]), np.array([2])], image_NE, text_NE) == 3.5


def test_mini_batches_grow_harder_with_the_search_space_and_are_random_where_it_is_one_mini_batch() -> None:
    image_NE, text_NE = clustered(1920, 60)
    hard = {
        space: hardest_similarity(batches_of(space, image_NE, text_NE, batch_size=16), image_NE, text_NE)
        for space in (16, 64, 320, 1920)
    }
    shuffled = hardest_similarity(cut(np.arange(1920), 16), image_NE, text_NE)
    assert hard[16] == pytest.approx(shuffled, abs=1e-6)
    assert hard[16] < hard[64] < hard[320] < hard[1920]


def test_walks_that_share_their_memory_are_those_that_do_not() -> None:
    tables = Tables()
    for num_rows in (5, 5, 500, 5):  # 500 are more than a block
        image_ME, text_ME = features(num_rows)
        plain = plain_walk(image_ME, text_ME, None, batch_size=2)
        assert walk(image_ME, text_ME, batch_size=2, tables=tables).tolist() == plain
