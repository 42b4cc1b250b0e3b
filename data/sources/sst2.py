"""SST-2's `train.tsv` and `dev.tsv` as GLUE has them: a phrase of a film review, and 1 if it is positive, else 0.

Most training rows are parts of sentences. https://gluebenchmark.com/tasks
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import Marks, QuestionRecord, Reject, Source
from data.sources import fields, glue

NAME = "sst2"
_LABELS = {"0": "negative", "1": "positive"}


def sentences(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every row, its label in words."""
    return glue.rows(path, _sentence, source=NAME, columns=("sentence", "label"), reject=reject)


def _sentence(row: glue.Row, row_id: str, is_test: bool) -> QuestionRecord:
    text = fields.text(row, "sentence")
    return QuestionRecord(
        question_id=row_id,
        image_ids=(),
        text=text,
        answers=(glue.label_of(row, "label", _LABELS),),
        split=glue.split_of(text, is_test=is_test),
    )


SOURCE = Source(
    name=NAME,
    title="SST-2 of GLUE",
    address="https://gluebenchmark.com/tasks (SST-2: train.tsv, dev.tsv)",
    reads={"sentences": sentences},
    marks=(Marks(opening="sentence\tlabel", pattern=r"^sentence\tlabel\r?\n"),),
)
