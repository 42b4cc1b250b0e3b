"""Which 36 regions a plain picture gets: its annotated boxes, largest first, and a grid for what is left.

Boxes are x1, y1, x2, y2 as shares of the picture's sides. Legend: A annotated boxes, G grid cells, R regions (36).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.schema import NUM_REGIONS

SAME_PLACE_IOU = 0.5  # a grid cell that overlaps an annotated box so far shows what the box shows


@dataclass(frozen=True, kw_only=True, slots=True)
class Annotations:
    """The annotated boxes of one picture, (A, 4), with the ids of their labels and of their first attributes (A,)."""

    boxes_A4: NDArray[np.float32]
    object_ids_A: NDArray[np.int16]
    attribute_ids_A: NDArray[np.int16]


def regions_of(annotations: Annotations, *, width_px: int, height_px: int, background_id: int) -> Annotations:
    """The 36 regions of a picture with their ids; a cell that shows no annotated box has the background's."""
    order_A = np.argsort(-_areas(annotations.boxes_A4), kind="stable")[:NUM_REGIONS]
    cells_G4 = grid(NUM_REGIONS - len(order_A), width_px=width_px, height_px=height_px)
    object_ids_G = np.full(len(cells_G4), background_id, np.int16)
    attribute_ids_G = np.full(len(cells_G4), -1, np.int16)
    if len(annotations.boxes_A4) and len(cells_G4):
        iou_GA = overlaps(cells_G4, annotations.boxes_A4)
        best_G = iou_GA.argmax(axis=1)
        shown_G = iou_GA.max(axis=1) >= SAME_PLACE_IOU
        object_ids_G[shown_G] = annotations.object_ids_A[best_G[shown_G]]
        attribute_ids_G[shown_G] = annotations.attribute_ids_A[best_G[shown_G]]
    return Annotations(
        boxes_A4=np.concatenate([annotations.boxes_A4[order_A], cells_G4]),
        object_ids_A=np.concatenate([annotations.object_ids_A[order_A], object_ids_G]),
        attribute_ids_A=np.concatenate([annotations.attribute_ids_A[order_A], attribute_ids_G]),
    )


def grid(num_cells: int, *, width_px: int, height_px: int) -> NDArray[np.float32]:
    """`num_cells` cells of a regular grid of nearly square cells, (G, 4), spread evenly where the grid has more."""
    if num_cells == 0:
        return np.zeros((0, 4), np.float32)
    num_columns = min(max(round(math.sqrt(num_cells * width_px / height_px)), 1), num_cells)
    num_rows = math.ceil(num_cells / num_columns)
    kept_G = np.arange(num_cells) * (num_rows * num_columns) // num_cells
    rows_G, columns_G = np.divmod(kept_G, num_columns)
    corners_4G = [columns_G / num_columns, rows_G / num_rows, (columns_G + 1) / num_columns, (rows_G + 1) / num_rows]
    return np.stack(corners_4G, axis=1).astype(np.float32)


def overlaps(cells_G4: NDArray[np.float32], boxes_A4: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of each cell with each box, (G, A)."""
    upper_left = np.maximum(cells_G4[:, None, :2], boxes_A4[None, :, :2])
    lower_right = np.minimum(cells_G4[:, None, 2:], boxes_A4[None, :, 2:])
    shared_GA = np.clip(lower_right - upper_left, 0, None).prod(axis=2)
    union_GA = _areas(cells_G4)[:, None] + _areas(boxes_A4)[None, :] - shared_GA
    iou_GA: NDArray[np.float32] = shared_GA / np.maximum(union_GA, np.finfo(np.float32).tiny)
    return iou_GA


def _areas(boxes_A4: NDArray[np.float32]) -> NDArray[np.float32]:
    areas_A: NDArray[np.float32] = (boxes_A4[:, 2] - boxes_A4[:, 0]) * (boxes_A4[:, 3] - boxes_A4[:, 1])
    return areas_A
