"""Each operation on pictures of a few pixels, worked out by hand. 128 is what comes in from outside."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from data.pictures.operations import OPERATIONS


def grey(*rows: list[int]) -> Image.Image:
    """A picture of three equal channels."""
    return Image.fromarray(np.repeat(np.array(rows, np.uint8)[..., None], 3, axis=2))


def done(name: str, amount: float, *rows: list[int]) -> list[list[int]]:
    found = np.asarray(OPERATIONS[name].do(grey(*rows), amount))
    assert (found == found[..., :1]).all()
    values: list[list[int]] = found[..., 0].tolist()
    return values


def test_identity_changes_nothing() -> None:
    assert done("identity", 0, [1, 2], [3, 250]) == [[1, 2], [3, 250]]


def test_autocontrast_stretches_from_0_to_255() -> None:
    # (value - 50) * 255 / 100
    assert done("autocontrast", 0, [50, 100, 150]) == [[0, 127, 255]]
    assert done("autocontrast", 0, [7, 7]) == [[7, 7]]


def test_autocontrast_stretches_each_channel_by_itself() -> None:
    pixels = np.array([[[0, 10, 200], [255, 20, 201]]], np.uint8)
    assert np.asarray(OPERATIONS["autocontrast"].do(Image.fromarray(pixels), 0)).tolist() == [[[0] * 3, [255] * 3]]


def test_equalize_spreads_values_that_are_crowded() -> None:
    # Four values, each in a 256th of the rest of the picture, are spread over all of 0 to 255 by their rank.
    crowded = np.repeat(np.arange(100, 104), 256).reshape(32, 32).tolist()
    found = np.unique(np.array(done("equalize", 0, *crowded)))
    # 1024 pixels less the 256 of the last value, by 255, are steps of 3; (1 + 256 n) / 3
    assert found.tolist() == [0, 85, 171, 255]


def test_brightness_multiplies_and_stops_at_white() -> None:
    assert done("brightness", 1.36, [0, 100, 187, 188]) == [[0, 136, 254, 255]]
    assert done("brightness", 0.5, [3, 100, 255, 1]) == [[1, 50, 127, 0]]


def test_sharpness_blends_with_the_mean_of_nine_in_which_the_middle_counts_five_times() -> None:
    rows = ([0, 0, 0], [0, 130, 0], [0, 0, 0])
    # 130 * 5 / 13 is 50: at 0 all of it, at 1 nothing, at 1.5 half as much again the other way. The border stays.
    assert done("sharpness", 0.0, *rows)[1] == [0, 50, 0]
    assert done("sharpness", 1.0, *rows)[1] == [0, 130, 0]
    assert done("sharpness", 1.5, *rows)[1] == [0, 170, 0]


def test_shear_x_moves_each_row_by_its_distance_from_the_top() -> None:
    # The middles of the rows are 0.5, 1.5 and 2.5 px from the top: at amount 2 they move by 1, 3 and 5.
    rows = ([1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12])
    assert done("shear_x", 2, *rows) == [[128, 1, 2, 3], [128, 128, 128, 5], [128] * 4]
    assert done("shear_x", -2, *rows) == [[2, 3, 4, 128], [8, 128, 128, 128], [128] * 4]


def test_shear_y_moves_each_column_by_its_distance_from_the_left() -> None:
    assert done("shear_y", 2, [1, 2], [3, 4], [5, 6], [7, 8]) == [[128, 128], [1, 128], [3, 128], [5, 2]]


def test_shearing_between_pixels_takes_shares_of_both() -> None:
    # The first row moves by half a pixel: each value is the mean of two; the first has only one to be of.
    found = done("shear_x", 1, [100, 200, 100])
    assert found[0][1:] == [150, 150]


def test_translations_move_by_whole_pixels_exactly() -> None:
    assert done("translate_x", 1, [1, 2, 3], [4, 5, 6]) == [[128, 1, 2], [128, 4, 5]]
    assert done("translate_x", -2, [1, 2, 3], [4, 5, 6]) == [[3, 128, 128], [6, 128, 128]]
    assert done("translate_y", 1, [1, 2, 3], [4, 5, 6]) == [[128, 128, 128], [1, 2, 3]]
    assert done("translate_y", -1, [1, 2, 3], [4, 5, 6]) == [[4, 5, 6], [128, 128, 128]]


def test_rotation_is_against_the_clock_about_the_middle() -> None:
    assert done("rotate", 90, [1, 2], [3, 4]) == [[2, 4], [1, 3]]
    assert done("rotate", 0, [1, 2], [3, 4]) == [[1, 2], [3, 4]]
    # A corner is 2.8 px from the middle, and is filled from there straight to the left: 0.3 px outside of five.
    turned = done("rotate", 45, *[[9] * 5] * 5)
    assert turned[2] == [9] * 5
    assert turned[0][0] == turned[4][4] == 128


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("identity", 0.0),
        ("autocontrast", 0.0),
        ("equalize", 0.0),
        ("brightness", 1.36),  # 7 / 10 * 1.8 + 0.1
        ("sharpness", 1.36),
        ("shear_x", 0.21),
        ("shear_y", 0.21),
        ("translate_x", 7.0),
        ("translate_y", 7.0),
        ("rotate", 21.0),
    ],
)
def test_amounts_at_magnitude_seven_are_those_of_albef(name: str, amount: float) -> None:
    assert OPERATIONS[name].amount(0.7) == pytest.approx(amount)


def test_the_operations_are_those_ten() -> None:
    assert len(OPERATIONS) == 10
