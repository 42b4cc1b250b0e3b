"""VQA v2's `v2_mscoco_*_annotations.json`: one object with the list `annotations`.

Each has question_id, question_type, multiple_choice_answer and ten answers {answer, answer_confidence, answer_id}.
https://visualqa.org/download.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import AnswersRecord, Marks, Reject, Source
from data.sources import fields
from data.sources.ids import numbered
from data.sources.json_items import items

NAME = "vqa_annotations"
NUM_ANSWERS = 10


def answers(path: Path, reject: Reject) -> Iterator[AnswersRecord]:
    """The ten answers of each question as they are written, in the order of the file; a few are empty texts."""
    return fields.each(items(path, NAME, under="annotations"), _answers, source=NAME, reject=reject)


def _answers(item: Any) -> AnswersRecord:
    given = fields.members(item, "answers")
    if len(given) != NUM_ANSWERS:
        raise fields.RecordError("answers", f"not {NUM_ANSWERS} answers")
    return AnswersRecord(
        question_id=numbered("vqa", fields.whole(item, "question_id")),
        answers=tuple(fields.as_written(fields.field(answer, "answer"), "answer") for answer in given),
        kind=fields.text(item, "question_type") if "question_type" in item else "",
    )


SOURCE = Source(
    name=NAME,
    title="VQA v2 answers",
    address="https://visualqa.org/download.html (v2 Training and Validation annotations)",
    reads={"answers": answers},
    pool="vqa",
    marks=(Marks(opening="{", keys=("answers", "answer", "question_id")),),
)
