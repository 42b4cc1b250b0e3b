"""What is shown follows from the row's numbers alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from data import draws
from data.errors import UserError
from data.pictures import crops
from data.pictures.views import CLIP, COLOURS, IMAGENET, Evaluation, Training, View

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8))
SQUARE = NOISE.crop((0, 0, 24, 24))
PLAIN = Training(size_px=24, crop_scale=(1, 1), crop_ratio=(1, 1), flip_rate=0, num_operations=0)
"""A training view in which nothing happens to a square."""


def shown(view: View, picture: Image.Image, *, row: str = "row", epoch: int = 0, may_flip: bool = True) -> np.ndarray:
    shares_BK = view.draw(1, epoch, draws.row_keys([row]))
    return np.asarray(view.show(picture, shares_BK[0], may_flip=may_flip))


@pytest.mark.parametrize("view", [Evaluation(size_px=24), PLAIN])
def test_a_picture_of_that_size_keeps_its_pixels(view: View) -> None:
    np.testing.assert_array_equal(shown(view, SQUARE), np.asarray(SQUARE))


def test_evaluation_squeezes_the_whole_picture_into_the_square() -> None:
    halves = np.zeros((10, 40, 3), np.uint8)
    halves[:, 20:] = 200
    found = shown(Evaluation(size_px=10), Image.fromarray(halves))
    assert found.shape == (10, 10, 3)
    assert (found[:, :3] == 0).all()
    assert (found[:, 7:] == 200).all()  # beside the border a bicubic curve overshoots


def test_a_mirrored_picture_is_the_other_way_round_unless_it_must_not_be() -> None:
    always = dataclasses.replace(PLAIN, flip_rate=1.0)
    np.testing.assert_array_equal(shown(always, SQUARE), np.asarray(SQUARE)[:, ::-1])
    np.testing.assert_array_equal(shown(always, SQUARE, may_flip=False), np.asarray(SQUARE))


def test_half_of_the_pictures_are_mirrored() -> None:
    half = dataclasses.replace(PLAIN, flip_rate=0.5, size_px=2)
    picture = Image.fromarray(np.array([[[0] * 3, [9] * 3]] * 2, np.uint8))
    mirrored = [shown(half, picture, row=f"coco:{number}")[0, 0, 0] == 9 for number in range(1000)]
    assert 440 < sum(mirrored) < 560  # four standard deviations of 16


def test_the_operation_is_drawn_by_its_place_in_the_list_and_done_at_its_rate() -> None:
    view = dataclasses.replace(
        PLAIN, num_operations=1, magnitude=10, operations=("identity", "translate_x"), size_px=24
    )
    pixels = np.asarray(SQUARE)

    def altered(*of_operation: float) -> np.ndarray:
        shares_K = np.array([*[0.0] * crops.NUM_DRAWS, 0.9, *of_operation])
        return np.asarray(view.show(SQUARE, shares_K, may_flip=True))

    np.testing.assert_array_equal(altered(0.49, 0.0, 0.9), pixels)  # the first of the two
    np.testing.assert_array_equal(altered(0.5, 0.5, 0.9), pixels)  # the second, not done
    np.testing.assert_array_equal(altered(0.5, 0.49, 0.5)[:, 10:], pixels[:, :-10])  # by 10 px to the right
    np.testing.assert_array_equal(altered(0.5, 0.49, 0.49)[:, :-10], pixels[:, 10:])  # to the left


def test_several_operations_are_done_one_after_another() -> None:
    view = dataclasses.replace(PLAIN, num_operations=2, magnitude=10, operations=("translate_x", "translate_y"))
    shares_K = np.array([*[0.0] * crops.NUM_DRAWS, 0.9, 0.0, 0.0, 0.9, 0.9, 0.0, 0.9])
    found = np.asarray(view.show(SQUARE, shares_K, may_flip=True))
    np.testing.assert_array_equal(found[10:, 10:], np.asarray(SQUARE)[:-10, :-10])


@pytest.mark.parametrize("view", [Evaluation(), Training()])
def test_a_row_is_drawn_the_same_in_any_company(view: View) -> None:
    keys = draws.row_keys(["a", "b", "c"])
    together = view.draw(3, 4, keys)
    np.testing.assert_array_equal(view.draw(3, 4, keys[[2, 0]]), together[[2, 0]])


def test_epochs_and_rows_show_other_views_and_the_same_ones_again() -> None:
    view = Training(size_px=16)
    first = shown(view, NOISE)
    np.testing.assert_array_equal(shown(view, NOISE), first)
    assert (shown(view, NOISE, epoch=1) != first).any()
    assert (shown(view, NOISE, row="other") != first).any()


def test_other_operations_leave_crop_and_mirror_as_they_are() -> None:
    keys = draws.row_keys(["a"])
    with_two, with_none = Training().draw(1, 0, keys), Training(num_operations=0).draw(1, 0, keys)
    np.testing.assert_array_equal(with_two[:, : with_none.shape[1]], with_none)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (4000, 30), (30, 4000)])
@pytest.mark.parametrize("view", [Evaluation(size_px=16), Training(size_px=16)])
def test_any_size_becomes_the_square(view: View, size: tuple[int, int]) -> None:
    assert shown(view, Image.new("RGB", size)).shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"size_px": 0}, "a side"),
        ({"crop_scale": (0.0, 1.0)}, "crop_scale"),
        ({"crop_scale": (0.5, 1.1)}, "crop_scale"),
        ({"crop_ratio": (2.0, 1.0)}, "crop_ratio"),
        ({"flip_rate": 1.5}, "rates"),
        ({"magnitude": 11}, "a magnitude of 0 to 10"),
        ({"operations": ("identity", "solarize")}, "operations: identity"),
        ({"operations": ()}, "operations for it"),
        ({"num_operations": -1}, "num_operations"),
    ],
)
def test_a_view_that_cannot_be_is_refused(wrong: dict[str, object], expected: str) -> None:
    with pytest.raises(UserError, match=expected):
        Training(**wrong)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="a side"):
        Evaluation(size_px=0)


def test_the_defaults_are_albefs() -> None:
    view = Training()
    assert (view.size_px, view.crop_scale, view.num_operations, view.magnitude) == (256, (0.2, 1.0), 2, 7)
    assert COLOURS == {"clip": CLIP, "imagenet": IMAGENET}
