"""LXMERT's head: two layers on the pooled states of the text with each image, end to end.

Legend: B rows, D width, A answers.
"""

from __future__ import annotations

from torch import Tensor

from model import arithmetic
from model.benchmarks import Benchmark
from model.exams import Exam
from model.forms import Ask, Form, ask_each
from model.heads import answer_layers
from model.losses import RowLoss
from model.networks import Encoder
from model.pairs import Pairs
from model.questions import Questions


class AnswerHead(Form):
    """A form that asks each row's text with each of its images, in their order; a text alone is one pair."""

    def __init__(self, width: int, *, num_images: int, num_answers: int, row_loss: RowLoss) -> None:
        super().__init__()
        self.answer = answer_layers(max(num_images, 1) * width, width, num_answers)
        self.row_loss = row_loss

    def asks(self, exam: Exam, questions: Questions, *, seed: int) -> Ask:
        """Each row as it is; the epoch changes at most how its images are seen."""
        return ask_each(exam, questions, self.row_loss)

    def logits(self, encoder: Encoder, pairs: Pairs) -> Tensor:
        """A number for every answer, (B, A)."""
        pooled_BD = pairs.pool(encoder).float().view(len(pairs.rows_B), -1)
        with arithmetic.full_precision(pooled_BD):
            logits_BA: Tensor = self.answer(pooled_BD)
        return logits_BA

    def metric(self, benchmark: Benchmark) -> tuple[str, str]:
        """The benchmark's main one."""
        return benchmark.main
