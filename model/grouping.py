"""Mini-batches of rows whose images and texts are alike: GRIT-VLP's walk, on numbers alone.

The walk is that of Byun et al. (ECCV 2022, section 3.2), over similarities as they are: no softmax can underflow, so
that no row is ever lost or met twice. docs/grit.md says where the published code does otherwise.

Legend: N rows, M rows of a search space, E width of features, B rows of a mini-batch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Batches = list[Rows]
_LARGEST = 1e15
_BLOCK = 480  # rows of a table that is turned over: a block of them stays in the cache


class Tables:
    """Similarities of a search space, (M, M) each, in memory that the next one of the same size uses again.

    To get new memory for them takes as long as to fill it.
    """

    def __init__(self) -> None:
        self._to_texts_MM = self._to_images_MM = np.empty((0, 0), np.float32)

    def fill(self, image_ME: Floats, text_ME: Floats) -> tuple[Floats, Floats]:
        """Of images to texts, and of texts to images: rows of either lie in one piece."""
        for features_ME in (image_ME, text_ME):
            assert np.abs(features_ME).max(initial=0.0) < _LARGEST, "features must be finite, and their products too"
        if len(self._to_texts_MM) != len(image_ME):
            self._to_texts_MM, self._to_images_MM = np.empty((2, len(image_ME), len(image_ME)), np.float32)
        np.matmul(image_ME, text_ME.T, out=self._to_texts_MM)
        for down in range(0, len(image_ME), _BLOCK):
            for across in range(0, len(image_ME), _BLOCK):
                block = self._to_texts_MM[down : down + _BLOCK, across : across + _BLOCK]
                self._to_images_MM[across : across + _BLOCK, down : down + _BLOCK] = block.T
        return self._to_texts_MM, self._to_images_MM


def walk(
    image_ME: Floats,
    text_ME: Floats,
    images_M: Rows | None = None,
    *,
    batch_size: int,
    hardness: float = 1.0,
    tables: Tables | None = None,
) -> Rows:
    """All places of a search space, (M,) int64, in the order of a walk that begins with the image of place 0.

    From an image to a text, from that text to an image, and so on: to the most similar that was not visited, or to the
    quantile `hardness` of these (1: the most similar, 0: the least). Every `batch_size` places are a mini-batch. With
    `images_M`, the number of each row's image, rows of an image that the mini-batch has already wait for a later one;
    where no others are left they come nevertheless. Features are finite. `tables` spares the memory of each walk.
    """
    similar = (tables or Tables()).fill(image_ME, text_ME)
    waiting = _Waiting(images_M, num_rows=len(image_ME))
    scores_M = np.empty(len(image_ME), np.float32)
    order_M = np.empty(len(image_ME), np.int64)
    here = 0
    for place in range(len(order_M)):
        if place:
            if place % batch_size == 0:
                waiting.begin_batch()
            here = _next(similar[(place - 1) % 2][here], waiting, hardness, scores_M)
        order_M[place] = here
        waiting.visit(here)
    return order_M


def _next(similar_M: Floats, waiting: _Waiting, hardness: float, scores_M: Floats) -> int:
    """The place to go to; `scores_M` is written over."""
    if waiting.num_open == 0:
        waiting.release()
    np.add(similar_M, waiting.closed_M, out=scores_M)
    if hardness == 1.0:
        return int(scores_M.argmax())
    rank = len(scores_M) - waiting.num_open + round(hardness * (waiting.num_open - 1))
    return int(np.argpartition(scores_M, rank)[rank])


class _Waiting:
    """Which places cannot be gone to: minus infinity in `closed_M`, else 0. `num_open` counts the others."""

    def __init__(self, images_M: Rows | None, *, num_rows: int) -> None:
        self.closed_M = np.zeros(num_rows, np.float32)
        self.num_open = num_rows
        self._is_visited_M = np.zeros(num_rows, np.bool_)
        self._of_one_image = {} if images_M is None else _of_one_image(images_M)
        self._closed: Batches = []
        self._is_released = False

    def visit(self, place: int) -> None:
        """Close a place for good, and those of the same image until the next mini-batch."""
        self._is_visited_M[place] = True
        together = self._of_one_image.get(place)
        if together is None or self._is_released:
            self.num_open -= 1
            self.closed_M[place] = -np.inf
            return
        self.num_open -= int((self.closed_M[together] == 0).sum())
        self.closed_M[together] = -np.inf
        self._closed.append(together)

    def begin_batch(self) -> None:
        """Open again what was not visited."""
        self.release()
        self._is_released = False

    def release(self) -> None:
        """The same within a mini-batch: only rows of images that it has are left, so that none need wait any longer."""
        self._is_released = True
        for together in self._closed:
            opened = together[~self._is_visited_M[together] & (self.closed_M[together] < 0)]
            self.closed_M[opened] = 0
            self.num_open += len(opened)
        self._closed.clear()


def _of_one_image(images_M: Rows) -> dict[int, Rows]:
    """For each place whose image has several: all places of that image."""
    order_M = np.argsort(images_M, kind="stable")
    starts = np.flatnonzero(np.diff(images_M[order_M])) + 1
    runs = (run for run in np.split(order_M, starts) if len(run) > 1)
    return {place: run for run in runs for place in run.tolist()}


def cut(rows_N: Rows, size: int) -> Batches:
    """Rows in pieces of `size`; the last may be smaller, and none is empty."""
    return [rows_N[start : start + size] for start in range(0, len(rows_N), size)]


def apart(batches: Batches, images_N: Rows) -> Batches:
    """The mini-batches with rows exchanged, so that no two of one image are in a mini-batch, as far as that goes.

    `images_N` is the image of every row by its number. A row that shares its image with an earlier row of its
    mini-batch changes places with a row of the next mini-batch that leaves fewer such rows; sizes stay.
    """
    changed = [rows_B.copy() for rows_B in batches]
    while sum(_mend(changed, images_N, number) for number in _crowded(changed, images_N)):
        pass  # what came in for a row may share its image in turn, and leave by the next round
    return changed


def _crowded(batches: Batches, images_N: Rows) -> list[int]:
    """The mini-batches where rows share an image."""
    return [number for number, rows_B in enumerate(batches) if len(set(images_N[rows_B].tolist())) < len(rows_B)]


def _mend(batches: Batches, images_N: Rows, number: int) -> bool:
    """Exchange rows of a mini-batch; whether any could be."""
    is_changed = False
    for place in range(len(batches[number])):
        here = images_N[batches[number]].tolist()
        found = _exchange(batches, images_N, number, place) if here.index(here[place]) < place else None
        if found is not None:
            other, there = found
            rows_B, others_B = batches[number], batches[other]
            rows_B[place], others_B[there] = others_B[there], rows_B[place]
            is_changed = True
    return is_changed


def _exchange(batches: Batches, images_N: Rows, number: int, place: int) -> tuple[int, int] | None:
    """The mini-batch and the place to exchange a row with, so that fewer rows share an image with another."""
    here = images_N[batches[number]].tolist()
    present = set(here)
    for step in range(1, len(batches)):
        other = (number + step) % len(batches)
        there = images_N[batches[other]].tolist()
        if here[place] in there:
            continue
        for candidate, image in enumerate(there):
            if image not in present or there.count(image) > 1:
                return other, candidate
    return None


def hardest_similarity(batches: Batches, image_NE: Floats, text_NE: Floats) -> float:
    """The mean over all rows of the highest similarity of a row's image to another row's text in its mini-batch.

    What a matching objective meets: it rises with the search space. Rows that are alone in a mini-batch do not count.
    """
    total, number = 0.0, 0
    for rows_B in batches:
        if len(rows_B) > 1:
            similar_BB = image_NE[rows_B] @ text_NE[rows_B].T
            np.fill_diagonal(similar_BB, -np.inf)
            total += float(similar_BB.max(1).sum(dtype=np.float64))
            number += len(rows_B)
    return total / max(number, 1)
