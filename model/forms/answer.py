"""Answer: one of the possible answers to a text about one image or several, which are shown one at a time.

Legend: B rows, M images of a row, P = B x M pairs, D width, A possible answers, N rows of a split, C best answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.errors import ContractError
from data.progress import Progress
from model import answering
from model.answer_head import AnswerHead
from model.answering import Given
from model.exams import Exam
from model.facts import Facts
from model.forms import Form, Outcome, part
from model.losses import CROSS_ENTROPY, SOFT_BCE, RowLoss
from model.networks import Encoder
from model.plugins import choose, read_options
from model.questions import Questions
from model.scored import Scratch
from model.specs import Network, Options

_NUM_BEST = 3


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """`soft_bce`: each answer is right or not on its own (VQA, GQA); `cross_entropy`: one of them is right (NLVR2)."""

    loss: str = "soft_bce"


@dataclass(frozen=True, kw_only=True)
class Learning:
    """A loss, and what the logits that it leads to say: probabilities, (B, A)."""

    row_loss: RowLoss
    probabilities: Callable[[Tensor], Tensor]


def build(
    options: Options,
    *,
    network: Network,
    facts: Facts,
    num_images: int,
    num_answers: int,
    trained: Mapping[str, Options],
) -> Form:
    """Raises ContractError where there is no possible answer."""
    if not num_answers:
        raise ContractError(
            expected="possible answers",
            found="none",
            where="answers.json of the benchmark's rows",
            way_out="build them again, from questions that have answers",
        )
    settings = read_options(AnswerSettings, options, where="form answer")
    learning = choose(_LEARNING, settings.loss, where="form answer, loss")
    return Answer(network.hidden_size, num_images=num_images, num_answers=num_answers, learning=learning)


class Answer(AnswerHead):
    """Classification over the possible answers."""

    def __init__(self, width: int, *, num_images: int, num_answers: int, learning: Learning) -> None:
        super().__init__(width, num_images=num_images, num_answers=num_answers, row_loss=learning.row_loss)
        self._probabilities = learning.probabilities

    def judge(self, logits: Iterable[Tensor], exam: Exam, questions: Questions) -> float:
        """The benchmark's main metric."""
        given_N = self.best(logits).ids_NC[:, 0]
        return answering.main_metric(exam.benchmark, questions.answered(given_N, exam.answers))

    def best(self, logits: Iterable[Tensor]) -> Given:
        """The best answers of each row; of equal ones those that come first among the possible answers."""
        ids, probabilities = [], []
        for logits_BA in logits:
            ids_BC = torch.argsort(logits_BA, dim=1, descending=True, stable=True)[:, :_NUM_BEST]
            ids.append(ids_BC.numpy())
            probabilities.append(self._probabilities(logits_BA).gather(1, ids_BC).numpy())
        return Given(ids_NC=np.concatenate(ids), probabilities_NC=np.concatenate(probabilities))

    def evaluate(self, encoder: Encoder, exam: Exam, *, into: Path, scratch: Scratch, progress: Progress) -> Outcome:
        """Answer the test rows, those of pairs with other images too, and those that a server judges."""
        test, submit = exam.questions("test"), exam.questions("submit", may_be_empty=True)
        if exam.benchmark.reads != "pair":
            return answering.alone(exam, test, self._give(encoder, exam, test, progress))
        share = test.num_rows / (2 * test.num_rows + submit.num_rows)
        own = self._give(encoder, exam, test, part(progress, 0.0, share))
        withheld = self._give(encoder, exam, answering.withhold(test, exam), part(progress, share, 2 * share))
        if exam.benchmark.submission is not None and submit.num_rows:
            given = self._give(encoder, exam, submit, part(progress, 2 * share, 1.0))
            answering.submit(exam, submit, given, into=into)
        elif exam.benchmark.submission is not None:
            answering.submit(exam, test, own, into=into)
        return answering.outcome(exam, test, own, withheld=withheld, train=exam.questions("train"))

    def _give(self, encoder: Encoder, exam: Exam, questions: Questions, progress: Progress) -> Given:
        ask = self.asks(exam, questions, seed=0)
        return self.best(self.passes(encoder, ask, num_rows=questions.num_rows, progress=progress))


_LEARNING: Mapping[str, Learning] = {
    "soft_bce": Learning(row_loss=SOFT_BCE, probabilities=torch.sigmoid),
    "cross_entropy": Learning(row_loss=CROSS_ENTROPY, probabilities=lambda logits_BA: logits_BA.softmax(1)),
}
