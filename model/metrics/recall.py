"""Recall of retrieval at 1, 5 and 10, both ways, and what a random order scores.

Ties count against the model: a true candidate ranks behind every false one that scores as high, so that a model that
scores all pairs alike finds nothing, nor does one whose scores are no numbers. Legend: T texts, I images, N queries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model.benchmarks import Ranked, Scores

CUTOFFS = (1, 5, 10)

PROTOCOL = (
    "every test caption with every test image (as published: 1,000 images, five captions each); one caption: only the "
    "first caption of each image is a candidate, which is how the MSP authors score text retrieval"
)


def recalls(ranked: Ranked) -> Scores:
    """In per cent: the image of each text, the texts of each image, and of its first text alone (`one_caption`)."""
    return {
        "image_retrieval": _recall(_ranks_of_images(ranked)),
        "text_retrieval": _recall(_ranks_of_texts(ranked)),
        "text_retrieval_one_caption": _recall(_ranks_of_texts(one_caption(ranked))),
    }


def chance(ranked: Ranked) -> Scores:
    """The expected recalls of a random order, in per cent."""
    num_images = ranked.scores_TI.shape[1]
    return {
        "image_retrieval": {
            f"R@{cutoff}": 100.0 * _found(num_true=1, num_candidates=num_images, cutoff=cutoff) for cutoff in CUTOFFS
        },
        "text_retrieval": _chance_of_texts(ranked),
        "text_retrieval_one_caption": _chance_of_texts(one_caption(ranked)),
    }


def one_caption(ranked: Ranked) -> Ranked:
    """The first text of each image alone: the pool of the MSP authors' text retrieval."""
    _, first_I = np.unique(ranked.image_of_text_T, return_index=True)
    kept = np.sort(first_I)
    return Ranked(scores_TI=ranked.scores_TI[kept], image_of_text_T=ranked.image_of_text_T[kept])


def _ranks_of_images(ranked: Ranked) -> NDArray[np.int64]:
    """How many false images do not score below the true one (they score as high, or are no numbers), of each text."""
    true_T = ranked.scores_TI[np.arange(len(ranked.scores_TI)), ranked.image_of_text_T]
    false_TI = np.where(_is_true(ranked), -np.inf, ranked.scores_TI)
    rank_T: NDArray[np.int64] = (~(false_TI < true_T[:, None])).sum(1)
    return rank_T


def _ranks_of_texts(ranked: Ranked) -> NDArray[np.int64]:
    """How many false texts do not score below the best true one, of each image."""
    is_true_TI = _is_true(ranked)
    best_true_I = np.where(is_true_TI, ranked.scores_TI, -np.inf).max(0)
    false_TI = np.where(is_true_TI, -np.inf, ranked.scores_TI)
    rank_I: NDArray[np.int64] = (~(false_TI < best_true_I[None, :])).sum(0)
    return rank_I


def _is_true(ranked: Ranked) -> NDArray[np.bool_]:
    """Whether a text is of an image, (T, I)."""
    is_true_TI: NDArray[np.bool_] = ranked.image_of_text_T[:, None] == np.arange(ranked.scores_TI.shape[1])
    return is_true_TI


def _recall(rank_N: NDArray[np.int64]) -> Mapping[str, float]:
    return {f"R@{cutoff}": 100.0 * float((rank_N < cutoff).mean()) for cutoff in CUTOFFS}


def _chance_of_texts(ranked: Ranked) -> Mapping[str, float]:
    num_texts, num_images = ranked.scores_TI.shape
    own_I = np.bincount(ranked.image_of_text_T, minlength=num_images).tolist()
    return {
        f"R@{cutoff}": 100.0
        * math.fsum(_found(num_true=own, num_candidates=num_texts, cutoff=cutoff) for own in own_I)
        / num_images
        for cutoff in CUTOFFS
    }


def _found(*, num_true: int, num_candidates: int, cutoff: int) -> float:
    """How likely it is that one of the true candidates is among the first of a random order."""
    cutoff = min(cutoff, num_candidates)
    return 1.0 - math.comb(num_candidates - num_true, cutoff) / math.comb(num_candidates, cutoff)
