"""GQA's `train_balanced_questions.json` and `val_balanced_questions.json`.

https://cs.stanford.edu/people/dorarad/gqa/download.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import ImageRecord, Marks, QuestionRecord, Reject, Source
from data.sources import gqa

NAME = "gqa_questions"


def questions(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every question."""
    return gqa.questions(path, reject, source=NAME)


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Each image that is asked about."""
    return gqa.images(path, reject, source=NAME)


SOURCE = Source(
    name=NAME,
    title="GQA questions",
    address=f"{gqa.ADDRESS} ({{train,val}}_balanced_questions.json)",
    reads={"questions": questions, "images": images},
    pool="gqa",
    marks=(Marks(opening="{", keys=("imageId", "question")),),
)
