"""The contract of the index of hard negatives. Legend: B images of a block, K neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import hard_negatives
from data.contracts.rules import hold, hold_all
from data.hard_negatives import HardNegatives

_BLOCK = 256  # images


def check(folder: Path) -> None:
    """Shapes; neighbours are other images, none twice, with -1 last; scores fall, and where they tie rows ascend.

    In ViLBERT's pool the first is the image itself, and of the others all of that is true. A given pool has no scores.
    """
    path = folder / hard_negatives.FILE_NAME
    found = hard_negatives.load(folder)
    ids = found.image_ids
    image_ids = ids.tolist()
    hold(image_ids == sorted(set(image_ids)), path, "image ids sorted, none twice", [])
    hold(found.neighbours_NK.shape == found.scores_NK.shape, path, "a score for each neighbour", [])
    hold(found.neighbours_NK.shape[0] == len(ids), path, f"{len(ids)} rows of neighbours", [])
    for start in range(0, len(ids), _BLOCK):
        rows_BK = found.neighbours_NK[start : start + _BLOCK]
        scores_BK = found.scores_NK[start : start + _BLOCK]
        own_B1 = np.arange(start, start + len(rows_BK))[:, None]
        if found.has_itself:
            hold_all(rows_BK[:, :1] == own_B1, ids[start : start + _BLOCK], path, "each image first of its neighbours")
            rows_BK, scores_BK = rows_BK[:, 1:], scores_BK[:, 1:]
        hold_all(
            _are_possible(scores_BK, found), ids[start : start + _BLOCK], path, _POSSIBLE.get(found.pool, _COSINES)
        )
        _check_neighbours(rows_BK, scores_BK, ids[start : start + _BLOCK], own_B1, len(ids), path)


_COSINES = "cosines in [-1, 1]"
_POSSIBLE = {"vilbert": "finite distances with a minus", "given": "scores that are not known (NaN)"}


def _are_possible(scores_BK: NDArray[np.float64], found: HardNegatives) -> NDArray[np.bool_]:
    if found.pool == "given":
        return np.isnan(scores_BK)
    if found.has_itself:
        return np.isfinite(scores_BK) & (scores_BK <= 0)
    return (scores_BK >= -1.001) & (scores_BK <= 1.001)


def _check_neighbours(
    rows_BK: NDArray[np.int32],
    scores_BK: NDArray[np.float64],
    ids: NDArray[Any],
    own_B1: NDArray[np.intp],
    num_images: int,
    path: Path,
) -> None:
    known_BK = (rows_BK >= -1) & (rows_BK < num_images)
    hold_all(known_BK, ids, path, f"neighbours from -1 to {num_images - 1}")
    hold_all(rows_BK != own_B1, ids, path, "no image to be its own neighbour")
    here_BK, next_BK = rows_BK[:, :-1], rows_BK[:, 1:]
    unknown = np.isnan(scores_BK[:, :-1])
    falling = scores_BK[:, :-1] > scores_BK[:, 1:]
    tied = (scores_BK[:, :-1] == scores_BK[:, 1:]) & (here_BK < next_BK)
    ordered = np.where(next_BK < 0, True, (here_BK >= 0) & (unknown | falling | tied))
    hold_all(ordered, ids, path, "neighbours by falling score, ties by image id, -1 last")
    present_BK = np.sort(rows_BK, axis=1)
    repeated = (present_BK[:, 1:] == present_BK[:, :-1]) & (present_BK[:, 1:] >= 0)
    hold_all(~repeated, ids, path, "no neighbour twice")
