"""GQA's questions to test on, as LXMERT has them: `testdev.json`, `submit.json`.

https://github.com/airsplay/lxmert#gqa
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import ImageRecord, Marks, QuestionRecord, Reject, Source
from data.sources import lxmert, lxmert_gqa_form

NAME = "lxmert_gqa_test"


def questions(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every question."""
    return lxmert_gqa_form.questions(path, reject, source=NAME)


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Each image that is asked about, all of the test split."""
    return lxmert.images(path, reject, source=NAME, split_of=lambda name: "test")


SOURCE = Source(
    name=NAME,
    title="GQA test questions in LXMERT's form",
    address=lxmert_gqa_form.ADDRESS,
    reads={"questions": questions, "images": images},
    pool="gqa",
    marks=(Marks(opening="[", keys=("img_id", "sent"), pattern=r'"question_id":\s*"'),),
)
