"""Which regions a picture gets, on boxes that can be drawn on squared paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.regions.layout import Annotations, grid, overlaps, regions_of


def _annotations(boxes, object_ids):
    return Annotations(
        boxes_A4=np.array(boxes, np.float32).reshape(-1, 4),
        object_ids_A=np.array(object_ids, np.int16),
        attribute_ids_A=np.arange(len(object_ids), dtype=np.int16),
    )


def test_overlap_of_a_quarter_and_of_nothing():
    cells = np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]], np.float32)
    boxes = np.array([[0, 0, 1, 1], [0.25, 0, 0.75, 0.5]], np.float32)
    assert overlaps(cells, boxes) == pytest.approx(np.array([[0.25, 1 / 3], [0.25, 0]]))


def test_a_square_picture_has_a_grid_of_six_by_six_and_a_wide_one_wider():
    cells = grid(36, width_px=100, height_px=100)
    assert cells[7] == pytest.approx([1 / 6, 1 / 6, 2 / 6, 2 / 6])
    assert len(np.unique(grid(36, width_px=400, height_px=100)[:, 0])) == 12


@given(st.integers(0, 36), st.integers(1, 2000), st.integers(1, 2000))
def test_a_grid_has_as_many_cells_as_asked_inside_the_picture_and_none_twice(num_cells, width_px, height_px):
    cells = grid(num_cells, width_px=width_px, height_px=height_px)
    assert cells.shape == (num_cells, 4)
    assert len(np.unique(cells, axis=0)) == num_cells
    assert ((cells >= 0) & (cells <= 1)).all()
    assert (cells[:, :2] < cells[:, 2:]).all()


def test_annotated_boxes_come_first_largest_first_and_a_grid_fills_up():
    regions = regions_of(
        _annotations([[0, 0, 0.1, 0.1], [0.2, 0.2, 0.8, 0.8]], [5, 6]), width_px=100, height_px=100, background_id=0
    )
    assert regions.boxes_A4.shape == (36, 4)
    assert regions.boxes_A4[0] == pytest.approx([0.2, 0.2, 0.8, 0.8])
    assert regions.object_ids_A[:2].tolist() == [6, 5]
    assert regions.attribute_ids_A[:2].tolist() == [1, 0]


def test_a_cell_that_shows_an_annotated_box_has_its_label_and_the_others_the_background():
    cells = grid(35, width_px=100, height_px=100)
    regions = regions_of(_annotations([cells[8]], [5]), width_px=100, height_px=100, background_id=9)
    assert regions.object_ids_A.tolist() == [5] + [9] * 8 + [5] + [9] * 26
    assert regions.attribute_ids_A.tolist() == [0] + [-1] * 8 + [0] + [-1] * 26


def test_of_more_than_36_boxes_the_largest_stay_and_no_grid_is_added():
    sides = np.linspace(0.1, 0.9, 40)
    boxes = np.stack([np.zeros(40), np.zeros(40), sides, sides], axis=1)
    regions = regions_of(_annotations(boxes, list(range(40))), width_px=100, height_px=100, background_id=0)
    assert regions.object_ids_A.tolist() == list(range(39, 3, -1))
