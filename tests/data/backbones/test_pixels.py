"""The features of plain pixels: what is described, and whole numbers that no arithmetic rounds."""

import numpy as np
from PIL import Image

from data.backbones import pixels


def test_the_description_of_a_plain_crop_is_its_colour_and_no_edge():
    crops = np.empty((1, 32, 32, 3), np.uint8)
    crops[...] = (255, 0, 128)
    (description_D,) = pixels.describe(crops)
    assert description_D[:192].reshape(8, 8, 3)[3, 5].tolist() == [127, -128, 0]
    assert not description_D[192:320].any()
    histogram = description_D[320:]
    assert histogram[3 * 16 + 0 * 4 + 2] == 127  # levels 3, 0, 2; 1024 pixels / 8, at most 127
    assert np.count_nonzero(histogram) == 1


def test_an_edge_down_the_middle_is_seen_in_its_cells_and_its_direction():
    crops = np.zeros((1, 32, 32, 3), np.uint8)
    crops[:, :, 16:] = 255
    edges = pixels.describe(crops)[0, 192:320].reshape(4, 4, 8)
    expected = np.zeros((4, 4, 8), int)
    expected[:, 1, 0b101] = 765 * 8 // 64  # brighter to the right, steeper across than down; 8 rows of 3 x 255
    assert (edges == expected).all()


def test_features_are_whole_numbers_far_below_the_limit_of_exact_products():
    noise = np.random.default_rng(1).integers(0, 2, (50, 60, 3), np.uint8) * 255
    boxes = np.array([[0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5], [1, 1, 1, 1], [0.1, 0.2, 0.9, 0.3]], np.float32)
    found = pixels.features(Image.fromarray(noise), boxes)
    assert found.shape == (4, 2048)
    assert (found == np.round(found)).all()
    assert 0 <= found.min() <= found.max() < pixels.DESCRIPTION_SIZE * 128 + 512 < 2**24
