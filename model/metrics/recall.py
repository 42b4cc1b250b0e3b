"""Recall of retrieval at 1, 5 and 10, both ways, and what a random order scores.

Ties count against the model: a true candidate ranks behind every false one that scores as high, so that a model that
scores all pairs alike finds nothing, nor does one whose scores are no numbers. Scores are read some texts at a time,
since those of COCO's 25,000 x 5,000 pairs lie on the disk. Legend: T texts, I images, N queries, B texts of a block.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from model.benchmarks import Ranked, Scores

CUTOFFS = (1, 5, 10)

PROTOCOL = (
    "every test caption with every test image (as published: 1,000 images, five captions each); one caption: only the "
    "first caption of each image is a candidate, which is how the MSP authors score text retrieval"
)
_TEXTS_AT_ONCE = 1024


def recalls(ranked: Ranked) -> Scores:
    """In per cent: the image of each text, the texts of each image, and of its first text alone (`one_caption`)."""
    return {
        **both_ways(ranked),
        "text_retrieval_one_caption": _recall(_ranks_of_texts(one_caption(ranked))),
    }


def both_ways(ranked: Ranked) -> Scores:
    """In per cent: the image of each text, and the best text of each image."""
    return {
        "image_retrieval": _recall(_ranks_of_images(ranked)),
        "text_retrieval": _recall(_ranks_of_texts(ranked)),
    }


def chance(ranked: Ranked) -> Scores:
    """The expected recalls of a random order, in per cent."""
    return {**chance_both_ways(ranked), "text_retrieval_one_caption": _chance_of_texts(one_caption(ranked))}


def chance_both_ways(ranked: Ranked) -> Scores:
    """What a random order is expected to score where `both_ways` measures it."""
    num_images = ranked.scores_TI.shape[1]
    of_images = {
        f"R@{cutoff}": 100.0 * _found(num_true=1, num_candidates=num_images, cutoff=cutoff) for cutoff in CUTOFFS
    }
    return {"image_retrieval": of_images, "text_retrieval": _chance_of_texts(ranked)}


def one_caption(ranked: Ranked) -> Ranked:
    """The first text of each image alone: the pool of the MSP authors' text retrieval."""
    _, first_I = np.unique(ranked.image_of_text_T, return_index=True)
    kept = np.sort(first_I)
    return Ranked(scores_TI=ranked.scores_TI[kept], image_of_text_T=ranked.image_of_text_T[kept])


def _ranks_of_images(ranked: Ranked) -> NDArray[np.int64]:
    """How many false images do not score below the true one (they score as high, or are no numbers), of each text."""
    rank_T = np.empty(len(ranked.image_of_text_T), np.int64)
    for rows, scores_BI, own_B in _blocks(ranked):
        true_B = scores_BI[np.arange(len(own_B)), own_B]
        is_itself_B = ~np.isnan(true_B)  # among those that are not below it; a score that is no number ranks last
        rank_T[rows] = (~(scores_BI < true_B[:, None])).sum(1) - is_itself_B
    return rank_T


def _ranks_of_texts(ranked: Ranked) -> NDArray[np.int64]:
    """How many false texts do not score below the best true one, of each image."""
    num_images = ranked.scores_TI.shape[1]
    best_true_I = np.full(num_images, -np.inf, np.float32)
    for _, scores_BI, own_B in _blocks(ranked):
        with np.errstate(invalid="ignore"):  # a score that is no number stays one, and warns
            np.maximum.at(best_true_I, own_B, scores_BI[np.arange(len(own_B)), own_B])
    rank_I = np.zeros(num_images, np.int64)
    for _, scores_BI, own_B in _blocks(ranked):
        is_not_below_BI = ~(scores_BI < best_true_I)
        is_not_below_BI[np.arange(len(own_B)), own_B] = np.isnan(best_true_I[own_B])  # as above
        rank_I += is_not_below_BI.sum(0)
    return rank_I


def _blocks(ranked: Ranked) -> Iterator[tuple[slice, NDArray[np.float32], NDArray[np.int64]]]:
    """Some texts at a time: which, their scores (B, I), and their own images (B,)."""
    for start in range(0, len(ranked.image_of_text_T), _TEXTS_AT_ONCE):
        rows = slice(start, start + _TEXTS_AT_ONCE)
        yield rows, np.asarray(ranked.scores_TI[rows]), ranked.image_of_text_T[rows]


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
