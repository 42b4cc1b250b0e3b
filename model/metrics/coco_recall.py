"""Recall of retrieval on COCO by the protocols that are usual with Karpathy's test images, both ways.

All test images together, which is the protocol 5K where they are his 5,000; and 1K, the mean over five folds of 1,000
images. Folds are the images 1 to 1,000, 1,001 to 2,000 and so on in the order of the publisher's file, each with its
texts (github.com/fartashf/vsepp, evaluation.py). rsum is the sum of the six recalls, up to 600.
Legend: T texts, I images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from model.benchmarks import Ranked, Scores
from model.metrics import recall

NUM_TEXTS = 5  # of an image; COCO has six or seven of some
FOLD_IMAGES = 1_000
NUM_FOLDS = 5
PROTOCOL = (
    "every test caption with every test image, the first five captions of each (5K where these are Karpathy's 5,000 "
    "images); 1K: the mean over five folds of 1,000 images in the order of the file of captions, where there are 5,000 "
    "or more; rsum: the sum of the six recalls"
)

Measure = Callable[[Ranked], Scores]


def recalls(ranked: Ranked) -> Scores:
    """In per cent, over all test images, and over folds under names that end in 1K where there are enough images."""
    return _by_protocol(ranked, recall.both_ways)


def chance(ranked: Ranked) -> Scores:
    """What a random order is expected to score in each."""
    return _by_protocol(ranked, recall.chance_both_ways)


def folds(ranked: Ranked) -> Iterator[Ranked]:
    """The five folds of the first 5,000 images; none where there are fewer."""
    if ranked.scores_TI.shape[1] < FOLD_IMAGES * NUM_FOLDS:
        return
    for first in range(0, FOLD_IMAGES * NUM_FOLDS, FOLD_IMAGES):
        image_of_text_T = ranked.image_of_text_T - first
        texts = np.flatnonzero((image_of_text_T >= 0) & (image_of_text_T < FOLD_IMAGES))
        scores_TI = ranked.scores_TI[np.ix_(texts, np.arange(first, first + FOLD_IMAGES))]
        yield Ranked(scores_TI=scores_TI, image_of_text_T=image_of_text_T[texts])


def _by_protocol(ranked: Ranked, measure: Measure) -> Scores:
    of_all = measure(ranked)
    of_folds = [measure(fold) for fold in folds(ranked)]
    return {**_with_sum(of_all, ""), **(_with_sum(_mean(of_folds), "_1K") if of_folds else {})}


def _with_sum(scores: Scores, suffix: str) -> Scores:
    total = sum(value for metrics in scores.values() for value in metrics.values())
    named: Mapping[str, Mapping[str, float]] = {f"{group}{suffix}": metrics for group, metrics in scores.items()}
    return {**named, f"total{suffix}": {"rsum": total}}


def _mean(found: Sequence[Scores]) -> Scores:
    return {
        group: {metric: float(np.mean([scores[group][metric] for scores in found])) for metric in metrics}
        for group, metrics in found[0].items()
    }
