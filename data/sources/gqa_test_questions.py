"""GQA's `testdev_balanced_questions.json`, or other questions to test on, in the layout of `gqa_questions`.

https://cs.stanford.edu/people/dorarad/gqa/download.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import ImageRecord, Marks, QuestionRecord, Reject, Source
from data.sources import gqa

NAME = "gqa_test_questions"


def questions(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every question."""
    return gqa.questions(path, reject, source=NAME)


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Each image that is asked about, all of the test split."""
    return gqa.images(path, reject, source=NAME, split="test")


SOURCE = Source(
    name=NAME,
    title="GQA test questions",
    address=f"{gqa.ADDRESS} (testdev_balanced_questions.json)",
    reads={"questions": questions, "images": images},
    pool="gqa",
    marks=(Marks(opening="{", keys=("imageId", "question")),),
)
