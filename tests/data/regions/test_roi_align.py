"""RoIAlign on numbers worked out by hand, and beside two other implementations of it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from data.regions.roi_align import NUM_POINTS, roi_align  # noqa: E402  (once torch is there)

CELLS = [[[[0.0, 10.0], [20.0, 30.0]]]]


@pytest.mark.parametrize(
    ("box", "mean"),
    [
        ((0.0, 0.0, 1.0, 1.0), 15.0),
        ((0.25, 0.25, 0.25, 0.25), 0.0),  # the middle of the first cell
        ((0.75, 0.25, 0.75, 0.25), 10.0),
        ((0.5, 0.5, 0.5, 0.5), 15.0),  # where all four meet
        ((1.0, 1.0, 1.0, 1.0), 30.0),
        # Columns: seven points left of the first middle see it alone; the others lie 0.5, 1.5 ... 6.5 fourteenths right
        # of it, 1.75 in all, so that the second cell weighs 1.75 / 14 = 0.125 and adds 1.25. Rows: both the same, 10.
        ((0.0, 0.0, 0.5, 1.0), 11.25),
        ((0.5, 0.0, 1.0, 1.0), 18.75),
        ((0.0, 0.5, 1.0, 1.0), 22.5),  # the second row weighs 0.875
    ],
)
def test_the_mean_of_a_box_is_that_of_its_points(box: tuple[float, ...], mean: float) -> None:
    found = roi_align(torch.tensor(CELLS), torch.tensor([[box]]))
    assert found.shape == (1, 1, 1)
    assert found.item() == pytest.approx(mean, abs=1e-5)


def test_each_picture_has_its_own_map_and_its_own_boxes() -> None:
    map_BFHW = torch.stack([torch.full((3, 2, 5), value) for value in (1.0, 2.0)])
    found = roi_align(map_BFHW, torch.rand(2, 4, 2).sort(dim=2).values.repeat(1, 1, 2))
    assert found.shape == (2, 4, 3)
    assert torch.allclose(found, torch.tensor([1.0, 2.0])[:, None, None].expand(2, 4, 3))


def test_it_is_the_mean_of_bilinear_samples() -> None:
    generator = torch.Generator().manual_seed(0)
    map_BFHW, boxes_BR4 = _drawn(generator)
    shares_P = (torch.arange(NUM_POINTS) + 0.5) / NUM_POINTS
    for picture in range(len(map_BFHW)):
        x1, y1, x2, y2 = (boxes_BR4[picture, :, corner, None] for corner in range(4))
        x_RP, y_RP = x1 + (x2 - x1) * shares_P, y1 + (y2 - y1) * shares_P
        points = torch.stack(torch.broadcast_tensors(x_RP[:, None, :], y_RP[:, :, None]), dim=3) * 2 - 1
        maps = map_BFHW[picture][None].expand(len(points), -1, -1, -1)
        sampled = torch.nn.functional.grid_sample(maps, points, padding_mode="border", align_corners=False)
        expected_RF = sampled.mean(dim=(2, 3))
        assert torch.allclose(roi_align(map_BFHW, boxes_BR4)[picture], expected_RF, atol=1e-5)


def test_it_is_torchvisions_averaged_over_its_bins() -> None:
    try:
        from torchvision.ops import roi_align as other
    except Exception as error:
        pytest.skip(f"needs torchvision, which cannot be imported here: {error}")
    map_BFHW, boxes_BR4 = _drawn(torch.Generator().manual_seed(1))
    sides = torch.tensor([map_BFHW.shape[3], map_BFHW.shape[2]] * 2)
    bins = other(map_BFHW, list(boxes_BR4 * sides), output_size=7, sampling_ratio=2, aligned=True)
    expected_BRF = bins.mean(dim=(2, 3)).reshape(*boxes_BR4.shape[:2], -1)
    assert torch.allclose(roi_align(map_BFHW, boxes_BR4), expected_BRF, atol=1e-5)


def _drawn(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Two maps of 4 features in 5 rows and 7 columns, and 6 boxes in each."""
    low_BR2, high_BR2 = torch.rand(2, 2, 6, 2, generator=generator).sort(dim=0).values
    return torch.randn(2, 4, 5, 7, generator=generator), torch.cat([low_BR2, high_BR2], dim=2)
