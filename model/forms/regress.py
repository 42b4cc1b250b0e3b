"""Regress: a number about a text or a pair, as a share of the most that it may be, where its least is 0.

The one possible answer is that most: its score is the share. Legend: B rows, A = 1 answer, N rows of a split.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from data.errors import UserError
from data.progress import Progress
from model import answering, blind
from model.answer_head import AnswerHead
from model.benchmarks import Answered
from model.exams import Exam
from model.facts import Facts
from model.forms import Form, Outcome
from model.losses import SQUARED
from model.networks import Encoder
from model.plugins import read_options
from model.questions import Questions
from model.scored import Scratch
from model.specs import Network, Options


@dataclass(frozen=True, kw_only=True)
class RegressSettings:
    """There is nothing to set."""


def build(
    options: Options,
    *,
    network: Network,
    facts: Facts,
    num_images: int,
    num_answers: int,
    trained: Mapping[str, Options],
) -> Form:
    """LXMERT's head with one number at its end. Raises UserError where there is not one possible answer."""
    read_options(RegressSettings, options, where="form regress")
    if num_answers != 1:
        raise UserError(
            expected="one possible answer, the most that the number may be",
            found=f"{num_answers:,}",
            where="answers.json of the benchmark's rows",
            way_out="give the benchmark's rule that one as `fixed`",
        )
    return Regress(network.hidden_size, num_images=num_images, num_answers=num_answers, row_loss=SQUARED)


class Regress(AnswerHead):
    """A number by least squares: `logits` gives it as a share of the most."""

    def judge(self, logits: Iterable[Tensor], exam: Exam, questions: Questions) -> float:
        """The benchmark's main metric."""
        return answering.main_metric(exam.benchmark, _answered(questions, _shares(logits), exam))

    def evaluate(self, encoder: Encoder, exam: Exam, *, into: Path, scratch: Scratch, progress: Progress) -> Outcome:
        """Beside the mean of the training rows, and of pairs of sentences beside the share of words that both have."""
        train, test = exam.questions("train"), exam.questions("test")
        ask = self.asks(exam, test, seed=0)
        own_N = _shares(self.passes(encoder, ask, num_rows=test.num_rows, progress=progress))
        mean = float(train.target_scores_K.sum()) / train.num_rows
        shares = {"model": own_N, "majority": np.full(test.num_rows, mean)}
        if blind.second_sentences(test, exam.facts.sep_id).any():
            shares["word overlap"] = blind.word_overlap(test, exam.facts.sep_id)
        rows = {name: _answered(test, shares_N, exam) for name, shares_N in shares.items()}
        scores = {name: exam.benchmark.measure(answered) for name, answered in rows.items()}
        return Outcome(
            scores=scores["model"],
            baselines={name: scores[name] for name in rows if name != "model"},
            predictions=_predictions(exam, test, own_N, rows["model"]),
            num_rows=test.num_rows,
            num_images=len(np.unique(test.images_NM)),
            by_kind=answering.by_kind(exam.benchmark, rows),
        )


def _shares(logits: Iterable[Tensor]) -> NDArray[np.float64]:
    return np.asarray(torch.cat(list(logits))[:, 0].double().numpy())


def _answered(questions: Questions, shares_N: NDArray[np.float64], exam: Exam) -> list[Answered]:
    """Every row with the number that was given to it, to the fourth place."""
    (most,) = exam.answers
    first_N = np.zeros(questions.num_rows, np.int64)
    numbers = (f"{share * float(most):.4f}" for share in shares_N.tolist())
    return [
        Answered(
            row_id=row.row_id,
            kind=row.kind,
            set_id=row.set_id,
            published=row.published,
            targets=row.targets,
            answer=number,
        )
        for row, number in zip(questions.answered(first_N, exam.answers), numbers, strict=True)
    ]


def _predictions(
    exam: Exam, test: Questions, shares_N: NDArray[np.float64], rows: Iterable[Answered]
) -> list[dict[str, Any]]:
    """Rows of predictions.parquet: the number, its share of the most in the place of a probability."""
    (most,) = exam.answers
    return [
        {
            "row_id": row.row_id,
            "image_ids": exam.image_ids(images),
            "text": text,
            "kind": row.kind,
            "truth": list(row.published),
            "answers": [row.answer],
            "probabilities": [min(1.0, max(0.0, share))],
            "credit": max(0.0, 1.0 - abs(share - row.targets.get(most, 0.0))),
        }
        for row, images, text, share in zip(rows, test.images_NM, test.column("text"), shares_N.tolist(), strict=True)
    ]
