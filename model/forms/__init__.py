"""How a benchmark is asked and answered, one file each; the folder is the list.

A file defines `build(options, *, network, facts, num_images, num_answers, trained) -> Form`; `trained` are the options
of the heads that the weights to start from were trained with, by name. A form's submodules are its heads. One that is
named like an objective is that objective's head, and so takes its weights from pre-training.
Legend: B rows, A answers or options of a row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from data.progress import Progress, silent
from model.benchmarks import Benchmark, Scores
from model.exams import Exam
from model.losses import RowLoss
from model.networks import Encoder
from model.pairs import Pairs
from model.questions import Questions
from model.scored import Scratch
from model.specs import Objective
from model.supply import Supply

JUDGING_EPOCH = 10**6  # draws of its own, that no training epoch reaches
_ROWS_PER_PASS = {"cpu": 64, "cuda": 512}  # on a CPU few enough that hidden states stay in its cache

Ask = Callable[[NDArray[np.int64], int], Pairs]
"""Makes the pairs of some rows in some epoch: the same numbers, the same pairs."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an evaluation found (docs/formats.md, Evaluate). `predictions` are rows of predictions.parquet."""

    scores: Scores
    baselines: Mapping[str, Scores]
    predictions: list[dict[str, Any]]
    num_rows: int
    num_images: int
    by_kind: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


class Form(nn.Module, ABC):
    """A head, what it is asked, what it learns from that, and how it is judged."""

    objectives: tuple[Objective, ...] = ()  # those whose heads it has
    row_loss: RowLoss

    @abstractmethod
    def asks(self, exam: Exam, questions: Questions, *, seed: int) -> Ask:
        """How the rows of a split are asked."""

    @abstractmethod
    def logits(self, encoder: Encoder, pairs: Pairs) -> Tensor:
        """A logit for everything that a row can be answered with, (B, A)."""

    @abstractmethod
    def metric(self, benchmark: Benchmark) -> tuple[str, str]:
        """The group and metric by which the best epoch is chosen."""

    @abstractmethod
    def judge(self, logits: Iterable[Tensor], exam: Exam, questions: Questions) -> float:
        """That metric, in per cent, of the logits of all rows, given in passes."""

    @abstractmethod
    def evaluate(self, encoder: Encoder, exam: Exam, *, into: Path, scratch: Scratch, progress: Progress) -> Outcome:
        """Judge on the test rows, and write into `into` what belongs to this form alone; `scratch` survives a kill."""

    def passes(self, encoder: Encoder, ask: Ask, *, num_rows: int, progress: Progress = silent) -> Iterator[Tensor]:
        """The logits of all rows, some at a time. Network and form are to be in eval mode."""
        assert not any((self.training, encoder.training)), "judged with dropout on"
        device = next(encoder.parameters()).device
        per_pass = _ROWS_PER_PASS[device.type]
        rows = (np.arange(start, min(start + per_pass, num_rows)) for start in range(0, num_rows, per_pass))
        num_done = 0
        with Supply((ask(rows_B, JUDGING_EPOCH).to(device) for rows_B in rows), device=device) as supply:
            for pairs in supply:
                with torch.no_grad():
                    yield self.logits(encoder, pairs).cpu()
                num_done += len(pairs.rows_B)
                progress(num_done / num_rows, f"judged {num_done:,} of {num_rows:,} rows")


def ask_each(exam: Exam, questions: Questions, row_loss: RowLoss) -> Ask:
    """Asks each row's text with each of its images, in their order; of a text or an image alone that is one pair."""
    pairs_per_row = max(questions.images_NM.shape[1], 1)

    def ask(rows_B: NDArray[np.int64], epoch: int) -> Pairs:
        targets_BA = questions.targets(rows_B, len(exam.answers))
        return exam.pairs(
            questions,
            epoch=epoch,
            rows_B=rows_B,
            texts_P=np.repeat(rows_B, pairs_per_row),
            images_P=questions.images_NM[rows_B].ravel(),
            targets_BA=targets_BA,
            num_asked=row_loss.num_asked(targets_BA),
        )

    return ask


def part(progress: Progress, start: float, end: float) -> Progress:
    """The progress of a part that takes the whole from `start` to `end`."""
    return lambda share, message: progress(start + share * (end - start), message)
