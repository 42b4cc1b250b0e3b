"""VQA v2 as LXMERT has it, `train.json`, `nominival.json`, `minival.json`, `test.json`: questions with their answers.

A list of {question_id, img_id, sent, label: {answer: score}, ...}; `test.json` has no label.
https://github.com/airsplay/lxmert#vqa

A score is that of 1, 2, 3, or at least 4 of ten people. So many times an answer is given here, which makes the same
soft targets; what the others of the ten said is lost, and with it the official accuracy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data.records import ImageRecord, Marks, QuestionRecord, Reject, Source, Split
from data.sources import fields, lxmert
from data.sources.ids import numbered
from data.sources.json_items import items

NAME = "lxmert_vqa"
_PEOPLE: Mapping[float, int] = {0.3: 1, 0.6: 2, 0.9: 3, 1.0: 4}


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Each image that is asked about; those of COCO's test set are of the test split."""
    return lxmert.images(path, reject, source=NAME, split_of=_split_of)


def questions(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every question; one of which no answer has a score is rejected, for nothing could be right."""
    return fields.each(items(path, NAME), _question, source=NAME, reject=reject)


def _split_of(name: str) -> Split | None:
    return "test" if name.startswith("COCO_test") else None


def _question(item: Any) -> QuestionRecord:
    people = {answer: _people(score) for answer, score in lxmert.labels(item).items()}
    if "label" in item and not people:
        raise fields.RecordError("label", "no answer with a score")
    return QuestionRecord(
        question_id=numbered("vqa", fields.whole(item, "question_id")),
        image_ids=(lxmert.image_of(item),),
        text=fields.text(item, "sent"),
        answers=tuple(answer for answer, number in people.items() for _ in range(number)),
        kind=fields.text(item, "question_type") if "question_type" in item else "",
    )


def _people(score: float) -> int:
    if score not in _PEOPLE:
        raise fields.RecordError("label", "score that no number of people makes")
    return _PEOPLE[score]


SOURCE = Source(
    name=NAME,
    title="VQA v2 in LXMERT's form",
    address=f"{lxmert.ADDRESS}#vqa (data/vqa)",
    reads={"images": images, "questions": questions},
    pool="vqa",
    marks=(Marks(opening="[", keys=("img_id", "sent"), pattern=r'"question_id":\s*[0-9]'),),
)
