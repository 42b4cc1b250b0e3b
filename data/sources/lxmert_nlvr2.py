"""NLVR2 as LXMERT has it, `train.json`, `valid.json`, `test.json`: a list of statements with their pairs of pictures.

{identifier, img0, img1, sent, label: 0 or 1 (none where it is withheld), uid}; the identifier is NLVR2's own.
https://github.com/airsplay/lxmert#nlvr2
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import ImageRecord, Marks, QuestionRecord, Reject, Source
from data.sources import fields, lxmert, nlvr2
from data.sources.json_items import items

NAME = "lxmert_nlvr2"
_LABELS = ("False", "True")


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """The two pictures of each pair, once, in the groups and splits of NLVR2's own file."""
    return nlvr2.images_of(questions(path, reject))


def questions(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every statement, as NLVR2's own file has it, but for its kind."""
    return fields.each(items(path, NAME), _question, source=NAME, reject=reject)


def _question(item: Any) -> QuestionRecord:
    question = nlvr2.question_of(
        fields.text(item, "identifier"),
        text=fields.text(item, "sent"),
        answers=(_label(item),) if "label" in item else (),
    )
    named = tuple(f"nlvr2:{fields.text(item, name)}" for name in ("img0", "img1"))
    if named != question.image_ids:
        raise fields.RecordError("img0", "pictures of another identifier")
    return question


def _label(item: Any) -> str:
    label = fields.whole(item, "label")
    if label not in (0, 1):
        raise fields.RecordError("label", "neither 0 nor 1")
    return _LABELS[label]


SOURCE = Source(
    name=NAME,
    title="NLVR2 in LXMERT's form",
    address=f"{lxmert.ADDRESS}#nlvr2 (data/nlvr2)",
    reads={"images": images, "questions": questions},
    pool="nlvr2",
    marks=(Marks(opening="[", keys=("img0", "img1", "identifier")),),
)
