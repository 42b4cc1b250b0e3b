"""Random resized crops: inside the picture whatever its size, of the areas and shapes that are asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import draws
from data.pictures import crops
from data.pictures.crops import Crop, random_crop


def shares(*of_first_try: float, place: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """A crop's numbers, of which the first two are of the first try; the others of tries are 0."""
    given = [*of_first_try, *[0.0] * (crops.NUM_DRAWS - 2 - len(of_first_try)), *place]
    return np.array(given)


@settings(deadline=None)
@given(
    st.integers(1, 4000),
    st.integers(1, 4000),
    st.integers(0, 2**32),
)
def test_a_crop_lies_within_its_picture(width: int, height: int, seed: int) -> None:
    _lies_within(width, height, draws.uniform(seed, 0, draws.row_keys(["row"]), "crop", crops.NUM_DRAWS)[0])


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 4000), (4000, 30), (30, 4000), (640, 480)])
@pytest.mark.parametrize("share", [0.0, 0.5, 1 - 2**-53])
def test_a_crop_lies_within_the_oddest_pictures(size: tuple[int, int], share: float) -> None:
    _lies_within(*size, np.full(crops.NUM_DRAWS, share))


def _lies_within(width: int, height: int, shares_N: np.ndarray) -> None:
    crop = random_crop(width, height, shares_N, scale=(0.2, 1.0), ratio=(3 / 4, 4 / 3))
    left, top, right, bottom = crop.box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


def test_the_whole_picture_is_a_crop_of_itself() -> None:
    found = random_crop(30, 30, shares(0.7, 0.7), scale=(1, 1), ratio=(1, 1))
    assert found == Crop(left=0, top=0, width=30, height=30)


def test_area_shape_and_place_are_as_drawn() -> None:
    # A quarter of 100 x 100, as wide as high: 50 x 50. There are 51 places across: the share 0.5 is the 25th.
    found = random_crop(100, 100, shares(0.0, 0.5, place=(0.5, 0.999)), scale=(0.25, 1), ratio=(0.5, 2))
    assert found == Crop(left=25, top=50, width=50, height=50)
    # Half of the area, twice as wide as high: 100 x 50.
    found = random_crop(100, 100, shares(0.0, 0.0, place=(0.9, 0.0)), scale=(0.5, 1), ratio=(2, 2))
    assert found == Crop(left=0, top=0, width=100, height=50)


def test_the_first_try_that_fits_counts() -> None:
    # The whole area of 100 x 50 with the shape 1 is 71 x 71, too high; a fifth of it is 32 x 32.
    found = random_crop(100, 50, shares(1 - 2**-53, 0.5, 0.0, 0.5), scale=(0.2, 1), ratio=(0.5, 2))
    assert found == Crop(left=0, top=0, width=32, height=32)


def test_where_no_try_fits_it_is_the_largest_middle_part_of_an_allowed_shape() -> None:
    # At least a fifth of 4000 x 30 is 134 px high at the flattest: never. 30 x 4 / 3 is 40 px, from (4000 - 40) / 2.
    found = random_crop(4000, 30, shares(), scale=(0.2, 1), ratio=(3 / 4, 4 / 3))
    assert found == Crop(left=1980, top=0, width=40, height=30)
    found = random_crop(30, 4000, shares(), scale=(0.2, 1), ratio=(3 / 4, 4 / 3))
    assert found == Crop(left=0, top=1980, width=30, height=40)


def test_areas_are_even_in_their_range_and_shapes_even_on_a_log_scale() -> None:
    keys = draws.row_keys(f"coco:{number}" for number in range(4000))
    shares_BN = draws.uniform(0, 0, keys, "crop", crops.NUM_DRAWS)
    found = [random_crop(1000, 1000, each, scale=(0.2, 0.5), ratio=(3 / 4, 4 / 3)) for each in shares_BN]
    areas = np.array([crop.width * crop.height / 1e6 for crop in found])
    shapes = np.log([crop.width / crop.height for crop in found])
    assert abs(areas.mean() - 0.35) < 0.005  # the mean's standard error is 0.0014
    assert abs(shapes.mean()) < 0.01
    assert abs(np.quantile(shapes, 0.75) - 0.5 * math.log(4 / 3)) < 0.015
