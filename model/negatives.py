"""Wrong partners for captions and images: random ones, and the images that look most like the right one.

A partner is wrong only if nothing says that it is right: an image that has the very same caption is never a negative of
it. Legend: N rows, B rows of a batch, S images of the split, K neighbours of an image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from data import draws
from data.errors import UserError
from model.questions import Questions


@dataclass(frozen=True, kw_only=True)
class Negatives:
    """The wrong partners of some rows, (B,): images by their row of the region store, captions by their row."""

    random_images_B: NDArray[np.int64]
    hard_images_B: NDArray[np.int64]
    captions_B: NDArray[np.int64]


class NegativeSampler:
    """Draws wrong partners for the rows of a split, each of which has one image."""

    def __init__(self, questions: Questions, neighbours_NK: NDArray[np.int64] | None, *, seed: int) -> None:
        self._questions = questions
        self._neighbours_NK = neighbours_NK
        self._seed = seed
        self._images_S, self._place_N = np.unique(questions.images_NM[:, 0], return_inverse=True)
        self._text_N = pc.dictionary_encode(questions.said["text"].combine_chunks()).indices.to_numpy()
        self._rows_of_text = _Members(self._text_N)
        self._rows_of_place = _Members(self._place_N)

    def draw(self, rows_B: NDArray[np.int64], epoch: int) -> Negatives:
        """The same rows in the same epoch have the same partners. Raises UserError where a row can have none."""
        keys_B = self._questions.keys_N[rows_B]
        drawn = [
            draws.uniform(self._seed, epoch, keys_B, f"match.{slot}")[:, 0].tolist()
            for slot in ("random image", "hard image", "caption")
        ]
        found = [self._of_row(row, *shares) for row, *shares in zip(rows_B.tolist(), *drawn, strict=True)]
        random_images, hard_images, captions = np.asarray(found, np.int64).reshape(-1, 3).T
        return Negatives(random_images_B=random_images, hard_images_B=hard_images, captions_B=captions)

    def _of_row(self, row: int, image_share: float, hard_share: float, caption_share: float) -> tuple[int, int, int]:
        """One row's partners; each share in [0, 1) picks one of the candidates."""
        own = int(self._place_N[row])
        right_places = np.unique(self._place_N[self._rows_of_text[self._text_N[row]]])
        right_rows = [self._rows_of_text[text] for text in np.unique(self._text_N[self._rows_of_place[own]])]
        image = self._images_S[self._pick(row, image_share, len(self._images_S), right_places)]
        caption = self._pick(row, caption_share, len(self._place_N), np.sort(np.concatenate(right_rows)))
        hard = self._hard_images(own, right_places)
        return int(image), int(hard[int(hard_share * len(hard))]) if len(hard) else int(image), caption

    def _hard_images(self, own: int, right_places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The neighbours that do not have the caption too; the index keeps to the image's split and pool."""
        if self._neighbours_NK is None:
            return np.empty(0, np.int64)
        near_K = self._neighbours_NK[self._images_S[own]]
        hard_K: NDArray[np.int64] = near_K[(near_K >= 0) & ~np.isin(near_K, self._images_S[right_places])]
        return hard_K

    def _pick(self, row: int, share: float, num_all: int, right: NDArray[np.int64]) -> int:
        """One of the places below `num_all` that are not in `right`, which ascends."""
        if len(right) == num_all:
            raise UserError(
                expected="an image and a caption that do not belong to a row, to tell its own from",
                found=f"none: all {len(self._images_S)} images and {len(self._text_N)} captions of the split do",
                where=f"row {self._questions.row_ids[row]}",
                way_out="give the split more images with captions of their own",
            )
        place = int(share * (num_all - len(right)))
        for taken in right.tolist():
            place += place >= taken
        return place


class _Members:
    """The rows of each group, ascending."""

    def __init__(self, group_N: NDArray[np.integer]) -> None:
        self._rows_N = np.argsort(group_N, kind="stable")
        self._starts = np.searchsorted(group_N[self._rows_N], np.arange(int(group_N.max()) + 2))

    def __getitem__(self, group: int) -> NDArray[np.int64]:
        return self._rows_N[self._starts[group] : self._starts[group + 1]]
