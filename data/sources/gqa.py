"""What GQA's question files have in common: one object of {imageId, question, answer, types, ...} by question id.

An image is Visual Genome's by its number, or GQA's own (`n161313`). https://cs.stanford.edu/people/dorarad/gqa
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import ImageRecord, QuestionRecord, Reject, Split
from data.sources import fields
from data.sources.ids import image_id_of
from data.sources.json_items import members

ADDRESS = "https://cs.stanford.edu/people/dorarad/gqa/download.html"
_QUESTION_ID = re.compile(r"[0-9A-Za-z_-]{1,32}")


def questions(path: Path, reject: Reject, *, source: str) -> Iterator[QuestionRecord]:
    """Every question, with its answer where one is published."""
    return fields.each(members(path, source), _question, source=source, reject=reject)


def images(path: Path, reject: Reject, *, source: str, split: Split | None = None) -> Iterator[ImageRecord]:
    """Each image that is asked about, once, all of `split` where its publisher says so; its size is not given."""
    seen: set[str] = set()
    for image_id in fields.each(members(path, source), _image_id, source=source, reject=reject):
        if image_id not in seen:
            seen.add(image_id)
            yield ImageRecord(image_id=image_id, file_name=None, width_px=None, height_px=None, split=split)


def image_of(number: str) -> str:
    """The id of the image that GQA calls so: `vg:2375429` or `gqa:n161313`."""
    image_id = image_id_of(f"vg:{number}") or image_id_of(f"gqa:{number}")
    if image_id is None:
        raise fields.RecordError("imageId", "image id of unknown form")
    return image_id


def question_id_of(number: str) -> str:
    """The id of the question that GQA calls so, as it is: `00101448` is another question than `101448`."""
    if not _QUESTION_ID.fullmatch(number):
        raise fields.RecordError("question id", "question id of unknown form")
    return f"gqa:{number}"


def _image_id(member: tuple[str, Any]) -> str:
    return image_of(fields.text(member[1], "imageId"))


def _question(member: tuple[str, Any]) -> QuestionRecord:
    number, item = member
    return QuestionRecord(
        question_id=question_id_of(number),
        image_ids=(_image_id(member),),
        text=fields.text(item, "question"),
        answers=(fields.text(item, "answer"),) if "answer" in item else (),
        kind=fields.text(item["types"], "structural") if "types" in item else "",
    )
