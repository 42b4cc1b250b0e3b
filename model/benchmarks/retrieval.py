"""Retrieval: for each text its image among all images, for each image its texts, by the matching head.

Zero-shot when the weights come straight from pre-training.
Legend: I images, T texts, L word pieces, R regions, D width, P pairs of one pass.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.errors import UserError
from data.writers import write_json, write_tensors
from model import regions, rows
from model.benchmarks import Trial
from model.objectives.itm_hs import ItmHs
from model.plugins import read_options
from model.rows import Rows
from model.specs import Options

OBJECTIVES = ("itm_hs",)
CUTOFFS = (1, 5, 10)
_PAIRS_PER_PASS = 128  # few enough that hidden states stay in the processor's cache
_IMAGES_PER_PASS = 256

Recalls = Mapping[str, Mapping[str, float]]

PUBLISHED: Mapping[str, Recalls] = {
    "LXMERT-S, MSP (Flickr30k 1K, zero-shot)": {
        "image_retrieval": {"R@1": 42.42, "R@5": 68.7, "R@10": 77.92},
        "text_retrieval": {"R@1": 49.0, "R@5": 75.0, "R@10": 81.8},
    },
    "LXMERT (Flickr30k 1K, zero-shot)": {
        "image_retrieval": {"R@1": 24.0, "R@5": 47.38, "R@10": 58.22},
        "text_retrieval": {"R@1": 23.6, "R@5": 51.5, "R@10": 61.3},
    },
    "ViLBERT (Flickr30k 1K, zero-shot)": {
        "image_retrieval": {"R@1": 31.86, "R@5": 61.12, "R@10": 72.8},
    },
}
"""Table 3 of the MSP paper: 1,000 images; five texts each for image retrieval, the first of them for text retrieval."""


@dataclass(frozen=True, kw_only=True)
class RetrievalSettings:
    """`captions_per_image`: `all`, or a number, the first ones by row id."""

    corpus: str = "sentence"
    split: str = "test"
    captions_per_image: int | str = "all"


@dataclass(frozen=True, kw_only=True)
class Pool:
    """All texts and all images of the benchmark. `image_of_text_T` indexes `images_I`, rows of the region store."""

    rows: Rows
    texts_T: NDArray[np.int64]  # row numbers
    images_I: NDArray[np.int64]
    image_of_text_T: NDArray[np.int64]


def evaluate(options: Options, trial: Trial) -> None:
    """Score every pair, then write scores.json, and the scores with their ids (similarities.safetensors, ids.json)."""
    settings = read_options(RetrievalSettings, options, where="retrieval")
    pool = _pool(settings, trial)
    scores_TI = _score_all(pool, trial)
    image_ids = [str(trial.facts.store.image_ids[image]) for image in pool.images_I.tolist()]
    text_ids = [pool.rows.row_ids[text] for text in pool.texts_T.tolist()]
    write_tensors(trial.into / "similarities.safetensors", {"scores_TI": scores_TI})
    write_json(trial.into / "ids.json", {"texts": text_ids, "images": image_ids})
    write_json(trial.into / "scores.json", _summary(settings, pool, scores_TI))


def recalls(scores_TI: NDArray[np.float32], image_of_text_T: NDArray[np.int64]) -> Recalls:
    """R@1, 5 and 10 in percent, both ways.

    Ties count against us: a true candidate ranks behind every false one that scores as high, so that a model that
    scores all pairs alike finds nothing. An image's rank is that of its best text.
    """
    num_texts, num_images = scores_TI.shape
    is_true_TI = image_of_text_T[:, None] == np.arange(num_images)
    false_TI = np.where(is_true_TI, -np.inf, scores_TI)
    true_T = scores_TI[np.arange(num_texts), image_of_text_T]
    best_true_I = np.where(is_true_TI, scores_TI, -np.inf).max(0)
    rank_T = (false_TI >= true_T[:, None]).sum(1)
    rank_I = (false_TI >= best_true_I[None, :]).sum(0)
    return {"image_retrieval": _recall(rank_T), "text_retrieval": _recall(rank_I)}


def chance(image_of_text_T: NDArray[np.int64], num_images: int) -> Recalls:
    """The expected recalls of a random order, in percent."""
    num_texts = len(image_of_text_T)
    own_I = np.bincount(image_of_text_T, minlength=num_images).tolist()

    def found(num_true: int, num_candidates: int, cutoff: int) -> float:
        missed = math.comb(num_candidates - num_true, cutoff) / math.comb(num_candidates, cutoff)
        return 1.0 - missed

    def mean(cutoff: int) -> float:
        return sum(found(own, num_texts, min(cutoff, num_texts)) for own in own_I) / num_images

    return {
        "image_retrieval": {f"R@{k}": 100.0 * found(1, num_images, min(k, num_images)) for k in CUTOFFS},
        "text_retrieval": {f"R@{k}": 100.0 * mean(k) for k in CUTOFFS},
    }


def _recall(rank_N: NDArray[np.int64]) -> dict[str, float]:
    return {f"R@{k}": 100.0 * float((rank_N < k).mean()) for k in CUTOFFS}


def _pool(settings: RetrievalSettings, trial: Trial) -> Pool:
    """The texts in the corpus's order, at most so many of an image, and the images they speak of."""
    limit = settings.captions_per_image
    if not (limit == "all" or (isinstance(limit, int) and limit > 0)):
        raise UserError(
            expected="'all' or a positive number",
            found=repr(limit),
            where="retrieval, captions_per_image",
            way_out="set it to 1 for the protocol of the MSP authors' text retrieval, or to 'all'",
        )
    found = rows.read(trial.corpus(settings.corpus), split=settings.split, store=trial.facts.store)
    _, first_N, place_N = np.unique(found.images_N, return_index=True, return_inverse=True)
    # Rows are sorted by image, so a row's place among its image's rows is its distance from the first of them.
    nth_N = np.arange(found.num_rows) - first_N[place_N]
    texts_T = np.flatnonzero(nth_N < limit) if isinstance(limit, int) else np.arange(found.num_rows)
    images_I, image_of_text_T = np.unique(found.images_N[texts_T], return_inverse=True)
    return Pool(rows=found, texts_T=texts_T, images_I=images_I, image_of_text_T=image_of_text_T)


def _score_all(pool: Pool, trial: Trial) -> NDArray[np.float32]:
    """The matching score of every pair, (T, I). Texts of like length go together, so that little is padding."""
    head = trial.learner.head("itm_hs")
    assert isinstance(head, ItmHs)
    trial.learner.eval()
    lengths_T = np.minimum(pool.rows.lengths(pool.texts_T), trial.network.max_positions)
    by_length_T = np.argsort(lengths_T, kind="stable")
    scores_TI = np.empty((len(pool.texts_T), len(pool.images_I)), np.float32)
    with torch.no_grad():
        images_IRD = _embed_images(pool, trial)
        per_pass = max(1, _PAIRS_PER_PASS // len(pool.images_I))
        for start in range(0, len(by_length_T), per_pass):
            chosen = by_length_T[start : start + per_pass]
            scores_TI[chosen] = _score(pool, chosen, int(lengths_T[chosen].max()), images_IRD, head, trial)
            trial.progress((start + len(chosen)) / len(by_length_T), f"scored {start + len(chosen):,} texts")
    return scores_TI


def _embed_images(pool: Pool, trial: Trial) -> Tensor:
    """What every image is before it meets a text, (I, R, D): computed once."""
    parts = []
    for start in range(0, len(pool.images_I), _IMAGES_PER_PASS):
        chosen = torch.from_numpy(pool.images_I[start : start + _IMAGES_PER_PASS])
        shown = regions.take(trial.facts.store, chosen)
        parts.append(trial.learner.encoder.embed_regions(shown.features_BRF, shown.boxes_BR4))
    return torch.cat(parts)


def _score(
    pool: Pool, chosen: NDArray[np.int64], length: int, images_IRD: Tensor, head: ItmHs, trial: Trial
) -> NDArray[np.float32]:
    """The scores of some texts with all images, in passes of bounded size."""
    pad_id = trial.facts.pad_id
    text_TL = torch.from_numpy(pool.rows.tokens(pool.texts_T[chosen], max_length=length, pad_id=pad_id))
    text_TLD = trial.learner.encoder.embed_text(text_TL)
    mask_TL = text_TL != pad_id
    num_texts, num_images = len(text_TL), len(images_IRD)
    text_P = torch.arange(num_texts).repeat_interleave(num_images)
    image_P = torch.arange(num_images).repeat(num_texts)
    scores = [
        head.match_scores(trial.learner.encoder.pool(text_TLD[texts], mask_TL[texts], images_IRD[images]))
        for texts, images in zip(
            torch.split(text_P, _PAIRS_PER_PASS), torch.split(image_P, _PAIRS_PER_PASS), strict=True
        )
    ]
    return torch.cat(scores).view(num_texts, num_images).numpy()


def _summary(settings: RetrievalSettings, pool: Pool, scores_TI: NDArray[np.float32]) -> dict[str, Any]:
    texts = settings.captions_per_image
    return {
        "benchmark": "retrieval",
        "protocol": f"zero-shot, {texts} captions an image" if texts != 1 else "zero-shot, 1 caption an image",
        "split": settings.split,
        "num_images": len(pool.images_I),
        "num_texts": len(pool.texts_T),
        "settings": dataclasses.asdict(settings),
        "scores": recalls(scores_TI, pool.image_of_text_T),
        "chance": chance(pool.image_of_text_T, len(pool.images_I)),
        "published": PUBLISHED,
        "comparable": False,  # the published rows are of Flickr30k, and this corpus is not
    }
