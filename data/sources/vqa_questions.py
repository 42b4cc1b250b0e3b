"""VQA v2's `v2_OpenEnded_mscoco_*_questions.json`: one object with the list `questions`.

Each has image_id, question, question_id; keys come in any order. https://visualqa.org/download.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import ImageRecord, Marks, QuestionRecord, Reject, Source
from data.sources import fields
from data.sources.ids import numbered
from data.sources.json_items import items

NAME = "vqa_questions"


def questions(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every question; its answers stand in another file (`vqa_annotations`)."""
    return fields.each(items(path, NAME, under="questions"), _question, source=NAME, reject=reject)


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Each image that is asked about, once; its size is not given."""
    seen: set[int] = set()
    for number in fields.each(items(path, NAME, under="questions"), _image_number, source=NAME, reject=reject):
        if number not in seen:
            seen.add(number)
            yield ImageRecord(image_id=numbered("coco", number), file_name=None, width_px=None, height_px=None)


def _image_number(item: Any) -> int:
    return fields.whole(item, "image_id")


def _question(item: Any) -> QuestionRecord:
    return QuestionRecord(
        question_id=numbered("vqa", fields.whole(item, "question_id")),
        image_ids=(numbered("coco", fields.whole(item, "image_id")),),
        text=fields.text(item, "question"),
    )


SOURCE = Source(
    name=NAME,
    title="VQA v2 questions",
    address="https://visualqa.org/download.html (v2 Training, Validation and Testing questions)",
    reads={"questions": questions, "images": images},
    pool="vqa",
    marks=(Marks(opening="{", keys=("question", "question_id", "image_id")),),
)
