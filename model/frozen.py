"""A form that learns nothing of the encoder: rows are pooled once as the stage left it, and answered from that.

Legend: N rows of a split, D width of the network, A possible answers, C best answers of a row.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data.errors import UserError
from data.progress import Progress
from data.writers import write_json
from model import answering, blind
from model.answering import Given
from model.benchmarks import Benchmark
from model.exams import Exam
from model.forms import Ask, Form, Outcome, ask_each, part
from model.losses import CROSS_ENTROPY
from model.networks import Encoder
from model.pairs import Pairs
from model.questions import Questions
from model.scored import Scratch

CHOSEN_FILE = "chosen.json"
_NUM_BEST = 3


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """The pooled states of a split, and the best right answer of each row; -1 where none is possible."""

    states_ND: Tensor  # float32, on the host
    right_N: Tensor

    def answered(self) -> Pooled:
        """Those rows of which a right answer is possible."""
        is_answered_N = self.right_N >= 0
        return Pooled(states_ND=self.states_ND[is_answered_N], right_N=self.right_N[is_answered_N])

    def accuracy(self, scores_NA: Tensor) -> float:
        """The share of rows whose right answer scores highest."""
        return float((scores_NA.argmax(1) == self.right_N).double().mean())


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What is found: a probability for each answer of each test row, and what was chosen on validation rows."""

    probabilities_NA: Tensor
    chosen: Mapping[str, Any]


class Frozen(Form):
    """Answers from pooled states; dropout is off and no weight is changed."""

    row_loss = CROSS_ENTROPY

    @abstractmethod
    def answer(self, train: Pooled, validation: Pooled, test_ND: Tensor, *, num_answers: int) -> Judged:
        """Answer the test rows by what the training rows say; what is to be chosen is chosen on validation rows."""

    def asks(self, exam: Exam, questions: Questions, *, seed: int) -> Ask:
        """Each row as it is."""
        return ask_each(exam, questions, self.row_loss)

    def logits(self, encoder: Encoder, pairs: Pairs) -> Tensor:
        """The pooled state of each row, (B, D), in the place of logits; of several images side by side."""
        return pairs.pool(encoder).float().view(len(pairs.rows_B), -1)

    def metric(self, benchmark: Benchmark) -> tuple[str, str]:
        """The benchmark's main one."""
        return benchmark.main

    def judge(self, logits: Iterable[Tensor], exam: Exam, questions: Questions) -> float:
        """Raises UserError: there are no epochs to choose from."""
        raise UserError(
            expected="a benchmark that is fine-tuned",
            found=f"{exam.benchmark.title}, whose encoder stays as it is",
            where="fine-tuning",
            way_out="evaluate it",
        )

    def evaluate(self, encoder: Encoder, exam: Exam, *, into: Path, scratch: Scratch, progress: Progress) -> Outcome:
        """Pool the rows of all splits, answer those of the test split, and write what was chosen."""
        splits = {name: exam.questions(name) for name in ("train", "validation", "test")}
        total, done = sum(questions.num_rows for questions in splits.values()), 0
        pooled = {}
        for name, questions in splits.items():
            span = part(progress, done / total, (done + questions.num_rows) / total)
            pooled[name] = self._pooled(encoder, exam, questions, span)
            done += questions.num_rows
        judged = self.answer(
            pooled["train"].answered(),
            pooled["validation"].answered(),
            pooled["test"].states_ND,
            num_answers=len(exam.answers),
        )
        write_json(into / CHOSEN_FILE, dict(judged.chosen))
        test = splits["test"]
        if exam.benchmark.reads != "pair":
            return answering.alone(exam, test, _best(judged.probabilities_NA))
        withheld = self._pooled(encoder, exam, answering.withhold(test, exam), progress)
        again = self.answer(
            pooled["train"].answered(),
            pooled["validation"].answered(),
            withheld.states_ND,
            num_answers=len(exam.answers),
        )
        best, others = _best(judged.probabilities_NA), _best(again.probabilities_NA)
        return answering.outcome(exam, test, best, withheld=others, train=splits["train"])

    def _pooled(self, encoder: Encoder, exam: Exam, questions: Questions, progress: Progress) -> Pooled:
        ask = self.asks(exam, questions, seed=0)
        states = list(self.passes(encoder, ask, num_rows=questions.num_rows, progress=progress))
        return Pooled(states_ND=torch.cat(states), right_N=torch.from_numpy(blind.right_answers(questions)))


def _best(probabilities_NA: Tensor) -> Given:
    """The best answers of each row, of equal ones those that come first."""
    ids_NC = torch.argsort(probabilities_NA, dim=1, descending=True, stable=True)[:, :_NUM_BEST]
    return Given(ids_NC=ids_NC.numpy(), probabilities_NC=probabilities_NA.gather(1, ids_NC).float().numpy())
