"""Retrieval: every text of a split scored with every image of it, both in the publisher's order.

Legend: I images, T texts, L word pieces, R regions, D width, P pairs of one pass, C best texts of an image.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.progress import Progress
from model.benchmarks import Ranked
from model.exams import Exam
from model.networks import Encoder
from model.questions import Questions
from model.scored import Scored
from model.shortlist import Shortlist, shortlist

_PAIRS_PER_PASS = {"cpu": 128, "cuda": 4096}  # on a CPU few enough that hidden states stay in its cache
_IMAGES_PER_PASS = 256
_NUM_BEST = 3

Score = Callable[[Tensor], Tensor]
"""From the pooled states of pairs, (P, D), to the log-odds that they belong together, (P,)."""


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The texts and images of a split that are ranked: rows of its questions, and rows of the region store."""

    rows_T: NDArray[np.int64]
    images_I: NDArray[np.int64]
    image_of_text_T: NDArray[np.int64]


def candidates(questions: Questions, *, max_texts: int | None) -> Candidates:
    """All texts, at most the first `max_texts` of an image, and their images in the order in which they first come."""
    rows_T = np.argsort(np.asarray(questions.column("place"), np.int64), kind="stable")
    images_T = questions.images_NM[rows_T, 0]
    sorted_I, first_I, image_T = np.unique(images_T, return_index=True, return_inverse=True)
    order_I = np.argsort(first_I)
    place_I = np.empty_like(order_I)
    place_I[order_I] = np.arange(len(order_I))
    image_of_text_T = place_I[image_T]
    kept = _number_of_its_image(image_of_text_T) < (max_texts or len(rows_T))
    return Candidates(
        rows_T=rows_T[kept], images_I=sorted_I[order_I].astype(np.int64), image_of_text_T=image_of_text_T[kept]
    )


def _number_of_its_image(image_of_text_T: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many texts of the same image come before each text."""
    by_image_T = np.argsort(image_of_text_T, kind="stable")
    counts_I = np.bincount(image_of_text_T)
    starts_I = np.cumsum(counts_I) - counts_I
    number_T = np.empty(len(image_of_text_T), np.int64)
    number_T[by_image_T] = np.arange(len(image_of_text_T)) - np.repeat(starts_I, counts_I)
    return number_T


def score_all(
    encoder: Encoder,
    score: Score,
    exam: Exam,
    questions: Questions,
    *,
    ranked: Candidates,
    most: int,
    into: Scored,
    progress: Progress,
) -> None:
    """The score of every pair. Texts of like length go together, so that little is padding.

    `most`: of each text's images and each image's texts that many, the most alike by themselves, are scored together;
    all others rank behind them, as alike as they are. 0, or a network that does not compare: all are.
    """
    num_texts, num_images = len(ranked.rows_T), len(ranked.images_I)
    by_length_T = np.argsort(questions.lengths(ranked.rows_T), kind="stable")
    with torch.no_grad():
        images_IRD = _embed_images(encoder, exam, ranked.images_I)
        per_pass = max(1, _PAIRS_PER_PASS[images_IRD.device.type] // min(num_images, 2 * most or num_images))

        def read(start: int) -> tuple[Tensor, Tensor]:
            """Some texts from a place on, (T, L, D), and their masks: the same each time."""
            chosen = by_length_T[start : start + per_pass]
            text_TL = exam.show_texts(questions, ranked.rows_T[chosen]).to(images_IRD.device)
            text_mask_TL = text_TL != exam.facts.pad_id
            return encoder.embed_text(text_TL, text_mask_TL), text_mask_TL

        texts = (read(start) for start in range(0, num_texts, per_pass))
        chosen_pairs = shortlist(encoder, images_IRD, texts, most=most) if most else None
        while into.num_done < num_texts:
            chosen = by_length_T[into.num_done : into.num_done + per_pass]
            into.put(chosen, _score(encoder, score, *read(into.num_done), images_IRD, chosen_pairs))
            progress(into.num_done / num_texts, f"scored {into.num_done:,} of {num_texts:,} texts")


def _embed_images(encoder: Encoder, exam: Exam, images_I: NDArray[np.int64]) -> Tensor:
    """What every image is before it meets a text, (I, R, D): computed once."""
    device = next(encoder.parameters()).device
    parts = []
    for start in range(0, len(images_I), _IMAGES_PER_PASS):
        regions_IRF, boxes_IR4 = exam.show_images(images_I[start : start + _IMAGES_PER_PASS])
        parts.append(encoder.embed_regions(regions_IRF.to(device), boxes_IR4.to(device)))
    return torch.cat(parts)


def _score(
    encoder: Encoder,
    score: Score,
    text_TLD: Tensor,
    text_mask_TL: Tensor,
    images_IRD: Tensor,
    chosen_pairs: Shortlist | None,
) -> NDArray[np.float32]:
    """The scores of some texts with all images, in passes of bounded and like size."""
    num_texts, num_images = len(text_TLD), len(images_IRD)
    if chosen_pairs is None:
        is_scored_TI = torch.ones(num_texts, num_images, dtype=torch.bool, device=text_TLD.device)
        scores_TI = torch.zeros(num_texts, num_images, device=text_TLD.device)
    else:
        is_scored_TI, scores_TI = chosen_pairs.choose(text_TLD, text_mask_TL)
    text_P, image_P = is_scored_TI.nonzero().unbind(1)
    num_passes = math.ceil(len(text_P) / _PAIRS_PER_PASS[images_IRD.device.type])
    per_pass = math.ceil(len(text_P) / num_passes)
    scores = [
        score(encoder.pool(text_TLD[texts], text_mask_TL[texts], images_IRD[images]))
        for texts, images in zip(torch.split(text_P, per_pass), torch.split(image_P, per_pass), strict=True)
    ]
    scores_TI[is_scored_TI] = torch.cat(scores)
    return scores_TI.cpu().numpy()


def predictions(ranked: Ranked, texts: list[str], image_ids: list[str]) -> list[dict[str, Any]]:
    """A row of predictions.parquet for each image: its three best texts, and whether the first is one of its own."""
    best_CI = _best_texts(ranked)
    own = [np.flatnonzero(ranked.image_of_text_T == image).tolist() for image in range(len(image_ids))]
    return [
        {
            "row_id": image_id,
            "image_ids": [image_id],
            "text": "",
            "kind": "",
            "truth": [texts[text] for text in own[image]],
            "answers": [texts[text] for text in best_CI[:, image].tolist()],
            "probabilities": _sigmoid(ranked.scores_TI[best_CI[:, image], image]).tolist(),
            "credit": float(ranked.image_of_text_T[best_CI[0, image]] == image),
        }
        for image, image_id in enumerate(image_ids)
    ]


def _best_texts(ranked: Ranked) -> NDArray[np.int64]:
    """The best texts of each image, best first, of equal ones the first, (C, I); some images at a time."""
    best = []
    for start in range(0, ranked.scores_TI.shape[1], _IMAGES_PER_PASS):
        order_TI = np.argsort(-ranked.scores_TI[:, start : start + _IMAGES_PER_PASS], axis=0, kind="stable")
        best.append(order_TI[:_NUM_BEST].copy())  # a view would keep the order of all texts
    return np.concatenate(best, axis=1)


def _sigmoid(log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    return torch.sigmoid(torch.from_numpy(np.array(log_odds))).numpy()
