"""Pictures as the rows of a fine-tuning see them: each row's cropped, mirrored and altered by draws of their own.

A look is an image as one row sees it: in all pairs of the row alike, and otherwise by any other row.
Legend: B rows, P pairs, as many for each row, T texts, I looks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data import draws
from data.sides import name_a_side
from model.questions import Questions
from model.regions import ImageStore


@dataclass(frozen=True, kw_only=True)
class Looks:
    """The looks of some rows, and which of them each pair shows.

    `may_flip_I` is False where a text that is shown beside it, or a right answer to that, says left or right.
    """

    images_I: Tensor  # rows of the store, int64
    keys_I: NDArray[np.uint64]  # what their draws rest on
    may_flip_I: NDArray[np.bool_]
    look_P: NDArray[np.int64]


def of(
    questions: Questions,
    *,
    store: ImageStore,
    answers: tuple[str, ...],
    rows_B: NDArray[np.int64],
    texts_P: NDArray[np.int64],
    images_P: NDArray[np.int64],
) -> Looks:
    """Those of the pairs of some rows: `texts_P` are row numbers of `questions`, `images_P` rows of the store."""
    rows_P = np.repeat(rows_B, len(images_P) // len(rows_B))
    looks_I2, look_P = np.unique(np.stack([rows_P, images_P], axis=1), axis=0, return_inverse=True)
    names = [f"{questions.row_ids[row]} {store.image_ids[image]}" for row, image in looks_I2.tolist()]
    may_flip_I = np.ones(len(names), np.bool_)
    may_flip_I[look_P[_name_a_side(questions, answers, texts_P)]] = False
    return Looks(
        images_I=torch.from_numpy(looks_I2[:, 1].copy()),
        keys_I=draws.row_keys(names),
        may_flip_I=may_flip_I,
        look_P=look_P,
    )


def _name_a_side(questions: Questions, answers: tuple[str, ...], texts_P: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the text of each pair, or what is right to answer, says left or right, (P,)."""
    rows_T, text_P = np.unique(texts_P, return_inverse=True)
    said = zip(questions.texts(rows_T), rows_T.tolist(), strict=True)
    said_T = [" ".join([text, *questions.right_answers(row, answers)]) for text, row in said]
    return name_a_side(said_T)[text_P]
