"""GQA as LXMERT has it: a list of {question_id, img_id, sent, label: {answer: 1}}.

Questions have their numbers in GQA's own files. https://github.com/airsplay/lxmert#gqa
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import QuestionRecord, Reject
from data.sources import fields, gqa, lxmert
from data.sources.json_items import items

ADDRESS = f"{lxmert.ADDRESS}#gqa (data/gqa)"


def questions(path: Path, reject: Reject, *, source: str) -> Iterator[QuestionRecord]:
    """Every question, with its answer where one is published."""
    return fields.each(items(path, source), _question, source=source, reject=reject)


def _question(item: Any) -> QuestionRecord:
    label = lxmert.labels(item)
    if "label" in item and not label:
        raise fields.RecordError("label", "no answer with a score")
    if any(score != 1 for score in label.values()):
        raise fields.RecordError("label", "score other than 1")
    return QuestionRecord(
        question_id=gqa.question_id_of(fields.text(item, "question_id")),
        image_ids=(lxmert.image_of(item),),
        text=fields.text(item, "sent"),
        answers=tuple(label),
    )
