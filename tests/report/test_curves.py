import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from report.curves import MAX_SPANS, moving_mean, summarise


def test_a_short_curve_is_its_own_summary() -> None:
    curve = summarise(np.array([1, 2, 3]), np.array([4.0, 2.0, 1.0]))
    assert curve is not None
    assert (curve.num_steps, curve.step) == (3, [1, 2, 3])
    assert curve.mean == curve.low == curve.high == [4.0, 2.0, 1.0]


def test_steps_without_a_loss_are_left_out() -> None:
    curve = summarise(np.array([1, 2, 3, 4]), np.array([np.nan, 2.0, np.nan, 1.0]))
    assert curve is not None
    assert (curve.num_steps, curve.step, curve.mean) == (4, [2, 4], [2.0, 1.0])


def test_a_loss_that_was_never_there_has_no_curve() -> None:
    assert summarise(np.array([1, 2]), np.array([np.nan, np.nan])) is None
    assert summarise(np.array([], dtype=np.int64), np.array([])) is None


def test_the_moving_mean_is_cut_at_the_ends() -> None:
    # 80 values: a window of 4 steps, so two on each side. First: (0+1+2)/3; last: (77+78+79)/3.
    means = moving_mean(np.arange(80.0))
    assert means[0] == 1.0
    assert means[1] == 1.5
    assert means[40] == 40.0
    assert means[79] == 78.0


def test_a_long_curve_keeps_the_range_of_every_span() -> None:
    # 240 steps in 120 spans of two: one high, one low.
    curve = summarise(np.arange(1, 241), np.tile([3.0, 1.0], 120))
    assert curve is not None
    assert len(curve.step) == MAX_SPANS
    assert set(curve.low) == {1.0}
    assert set(curve.high) == {3.0}
    assert curve.step[:2] == [2, 4]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=500))
def test_the_mean_never_leaves_the_range_of_all_losses(losses: list[float]) -> None:
    curve = summarise(np.arange(len(losses)), np.array(losses))
    assert curve is not None
    assert len(curve.step) == len(curve.mean) == len(curve.low) == len(curve.high) == min(len(losses), MAX_SPANS)
    assert min(curve.mean) >= min(losses) - 1e-3
    assert max(curve.mean) <= max(losses) + 1e-3
