"""MNLI's `train.tsv`, `dev_matched.tsv`, `dev_mismatched.tsv` as GLUE has them: does the second sentence follow?

Of the columns, genre, sentence1, sentence2 and gold_label are read, wherever they stand. https://gluebenchmark.com/tasks
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import Marks, QuestionRecord, Reject, Source
from data.sources import fields, glue

NAME = "mnli"
_LABELS = {name: name for name in ("contradiction", "entailment", "neutral")}


def sentences(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every pair of sentences; its kind is the genre."""
    columns = ("genre", "sentence1", "sentence2", "gold_label")
    return glue.rows(path, _pair, source=NAME, columns=columns, reject=reject)


def _pair(row: glue.Row, row_id: str, is_test: bool) -> QuestionRecord:
    first = fields.text(row, "sentence1")
    return QuestionRecord(
        question_id=row_id,
        image_ids=(),
        text=first,
        second=fields.text(row, "sentence2"),
        answers=(glue.label_of(row, "gold_label", _LABELS),),
        kind=fields.text(row, "genre"),
        split=glue.split_of(first, is_test=is_test),
    )


SOURCE = Source(
    name=NAME,
    title="MNLI of GLUE",
    address="https://gluebenchmark.com/tasks (MNLI: train.tsv, dev_matched.tsv)",
    reads={"sentences": sentences},
    marks=(Marks(pattern=r"^[^\n]*\bsentence1\t[^\n]*\bgold_label\b"),),
)
