"""Retrieval: every text of a split scored with every image of it.

Legend: I images, T texts, L word pieces, R regions, D width, P pairs of one pass.
"""

from __future__ import annotations

from collections.abc import Callable
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

_PAIRS_PER_PASS = {"cpu": 128, "cuda": 4096}  # on a CPU few enough that hidden states stay in its cache
_IMAGES_PER_PASS = 256
_NUM_BEST = 3

Score = Callable[[Tensor], Tensor]
"""From the pooled states of pairs, (P, D), to the log-odds that they belong together, (P,)."""


def score_all(
    encoder: Encoder, score: Score, exam: Exam, questions: Questions, *, images_I: NDArray[np.int64], progress: Progress
) -> NDArray[np.float32]:
    """The score of every pair, (T, I). Texts of like length go together, so that little is padding."""
    lengths_T = questions.lengths(np.arange(questions.num_rows))
    by_length_T = np.argsort(lengths_T, kind="stable")
    scores_TI = np.empty((len(lengths_T), len(images_I)), np.float32)
    with torch.no_grad():
        images_IRD = _embed_images(encoder, exam, images_I)
        per_pass = max(1, _PAIRS_PER_PASS[images_IRD.device.type] // len(images_I))
        for start in range(0, len(by_length_T), per_pass):
            chosen = by_length_T[start : start + per_pass]
            text_TL = exam.show_texts(questions, chosen).to(images_IRD.device)
            scores_TI[chosen] = _score(encoder, score, text_TL, text_TL != exam.facts.pad_id, images_IRD)
            num_done = start + len(chosen)
            progress(num_done / len(by_length_T), f"scored {num_done:,} of {len(by_length_T):,} texts")
    return scores_TI


def _embed_images(encoder: Encoder, exam: Exam, images_I: NDArray[np.int64]) -> Tensor:
    """What every image is before it meets a text, (I, R, D): computed once."""
    device = next(encoder.parameters()).device
    parts = []
    for start in range(0, len(images_I), _IMAGES_PER_PASS):
        regions_IRF, boxes_IR4 = exam.show_images(images_I[start : start + _IMAGES_PER_PASS])
        parts.append(encoder.embed_regions(regions_IRF.to(device), boxes_IR4.to(device)))
    return torch.cat(parts)


def _score(
    encoder: Encoder, score: Score, text_TL: Tensor, text_mask_TL: Tensor, images_IRD: Tensor
) -> NDArray[np.float32]:
    """The scores of some texts with all images, in passes of bounded size."""
    text_TLD = encoder.embed_text(text_TL, text_mask_TL)
    num_texts, num_images = len(text_TL), len(images_IRD)
    text_P = torch.arange(num_texts, device=text_TL.device).repeat_interleave(num_images)
    image_P = torch.arange(num_images, device=text_TL.device).repeat(num_texts)
    per_pass = _PAIRS_PER_PASS[images_IRD.device.type]
    scores = [
        score(encoder.pool(text_TLD[texts], text_mask_TL[texts], images_IRD[images]))
        for texts, images in zip(torch.split(text_P, per_pass), torch.split(image_P, per_pass), strict=True)
    ]
    return torch.cat(scores).view(num_texts, num_images).cpu().numpy()


def predictions(ranked: Ranked, questions: Questions, image_ids: list[str]) -> list[dict[str, Any]]:
    """A row of predictions.parquet for each image: its three best texts, and whether the first is one of its own."""
    texts = questions.column("text")
    best_CI = np.argsort(-ranked.scores_TI, axis=0, kind="stable")[:_NUM_BEST]
    return [
        {
            "row_id": image_id,
            "image_ids": [image_id],
            "text": "",
            "kind": "",
            "truth": [texts[text] for text in np.flatnonzero(ranked.image_of_text_T == image).tolist()],
            "answers": [texts[text] for text in best_CI[:, image].tolist()],
            "probabilities": _sigmoid(ranked.scores_TI[best_CI[:, image], image]).tolist(),
            "credit": float(ranked.image_of_text_T[best_CI[0, image]] == image),
        }
        for image, image_id in enumerate(image_ids)
    ]


def _sigmoid(log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    return torch.sigmoid(torch.from_numpy(log_odds)).numpy()
