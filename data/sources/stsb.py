"""STS-B's `train.tsv` and `dev.tsv` as GLUE has them: how alike two sentences mean, from 0 to 5.

Of the columns, genre, sentence1, sentence2 and score are read, wherever they stand. https://gluebenchmark.com/tasks
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from data.records import Marks, QuestionRecord, Reject, Source
from data.sources import fields, glue
from data.sources.fields import RecordError

NAME = "stsb"
MOST = 5.0
_SCORE = re.compile(r"[0-9]{1,2}(\.[0-9]{1,6})?")


def sentences(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every pair of sentences, with its score as it is written; its kind is the genre."""
    columns = ("genre", "sentence1", "sentence2", "score")
    return glue.rows(path, _pair, source=NAME, columns=columns, reject=reject)


def _pair(row: glue.Row, row_id: str, is_test: bool) -> QuestionRecord:
    first, score = fields.text(row, "sentence1"), row["score"]
    if not _SCORE.fullmatch(score) or float(score) > MOST:
        raise RecordError("score", "not a number from 0 to 5")
    return QuestionRecord(
        question_id=row_id,
        image_ids=(),
        text=first,
        second=fields.text(row, "sentence2"),
        answers=(score,),
        kind=fields.text(row, "genre"),
        split=glue.split_of(first, is_test=is_test),
    )


SOURCE = Source(
    name=NAME,
    title="STS-B of GLUE",
    address="https://gluebenchmark.com/tasks (STS-B: train.tsv, dev.tsv)",
    reads={"sentences": sentences},
    marks=(Marks(pattern=r"^[^\n]*\bsentence1\tsentence2\tscore\b"),),
)
