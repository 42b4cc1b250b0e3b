"""RoIAlign (He et al., Mask R-CNN, 2017, section 3), averaged over its bins.

As torchvision's `roi_align(aligned=True, output_size=7, sampling_ratio=2).mean((2, 3))`: bilinear samples at 14 x 14
regular points of each box. Their mean is a weighted sum of cells, and the weight of a cell is that of its row times
that of its column. Legend: B pictures, R regions, F features, H rows and W columns, S cells of a side, P points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

NUM_POINTS = 14


def roi_align(map_BFHW: Tensor, boxes_BR4: Tensor) -> Tensor:
    """The mean of the map in each box, (B, R, F); boxes x1, y1, x2, y2 as shares of the map's sides, in [0, 1]."""
    height, width = map_BFHW.shape[2:]
    rows_BRH = _weights(boxes_BR4[..., 1], boxes_BR4[..., 3], height)
    columns_BRW = _weights(boxes_BR4[..., 0], boxes_BR4[..., 2], width)
    cells_BRHW = rows_BRH[..., :, None] * columns_BRW[..., None, :]
    return cells_BRHW.flatten(2) @ map_BFHW.flatten(2).transpose(1, 2)


def _weights(low_BR: Tensor, high_BR: Tensor, num_cells: int) -> Tensor:
    """The weight of each cell of a side for each box, (B, R, S); they add up to 1. A cell's value is at its middle."""
    import torch  # in a worker alone: this project's parent process never loads it

    shares_P = (torch.arange(NUM_POINTS, device=low_BR.device) + 0.5) / NUM_POINTS
    points_BRP = low_BR[..., None] + (high_BR - low_BR)[..., None] * shares_P
    places_BRP = (points_BRP * num_cells - 0.5).clamp(0, num_cells - 1)
    distance_BRPS = (places_BRP[..., None] - torch.arange(num_cells, device=low_BR.device)).abs()
    return (1 - distance_BRPS).clamp(min=0).mean(dim=2)
