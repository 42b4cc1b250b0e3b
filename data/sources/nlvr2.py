"""NLVR2's `train.json`, `dev.json`, `test1.json`: one statement about a pair of pictures a line.

{identifier, sentence, label ("True" or "False"; none where it is withheld), synset, ...}; an identifier such as
`dev-850-0-1` is split, set, pair and sentence, and its pictures are `dev-850-0-img0.png` and `-img1.png`.
https://github.com/lil-lab/nlvr/tree/master/nlvr2
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from data.records import ImageRecord, Marks, QuestionRecord, Reject, Source, Split
from data.sources import fields
from data.sources.fields import RecordError
from data.sources.lines import decoded, records

NAME = "nlvr2"
_SPLITS: Mapping[str, Split] = {"train": "train", "dev": "validation", "test1": "test", "test2": "test"}
_IDENTIFIER = re.compile(rf"({'|'.join(_SPLITS)})-([0-9]{{1,6}})-([0-9]{{1,2}})-([0-9]{{1,3}})")
_LABELS = ("True", "False")


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """The two pictures of each pair, once. The pictures of a set, which share statements, are one group."""
    return images_of(questions(path, reject))


def images_of(questions: Iterable[QuestionRecord]) -> Iterator[ImageRecord]:
    """The pictures of these statements, as `images` gives them."""
    seen: set[str] = set()
    for question in questions:
        split, number, *_ = question.set_id.removeprefix("nlvr2:").split("-")
        for image_id in question.image_ids:
            if image_id not in seen:
                seen.add(image_id)
                yield ImageRecord(
                    image_id=image_id,
                    file_name=f"{image_id.removeprefix('nlvr2:')}.png",
                    width_px=None,
                    height_px=None,
                    group_id=f"nlvr2:{split}-{number}",
                    split=_SPLITS[split],
                )


def questions(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Every statement. Its set is that of consistency: the same sentence of the same set of pairs."""
    return records(path, _question, source=NAME, reject=reject)


def question_of(identifier: str, *, text: str, answers: tuple[str, ...], kind: str = "") -> QuestionRecord:
    """The statement that NLVR2 calls so, with its pictures and its set."""
    match = _IDENTIFIER.fullmatch(identifier)
    if match is None:
        raise RecordError("identifier", "not like dev-850-0-1")
    split, number, pair, sentence = match.groups()
    return QuestionRecord(
        question_id=f"nlvr2:{match[0]}",
        image_ids=tuple(f"nlvr2:{split}-{number}-{pair}-img{side}" for side in (0, 1)),
        text=text,
        answers=answers,
        kind=kind,
        set_id=f"nlvr2:{split}-{number}-{sentence}",
    )


def _question(line: bytes) -> QuestionRecord:
    item = _object(line)
    return question_of(
        fields.text(item, "identifier"),
        text=fields.text(item, "sentence"),
        answers=(_label(item),) if "label" in item else (),
        kind=fields.text(item, "synset") if "synset" in item else "",
    )


def _object(line: bytes) -> Any:
    try:
        return json.loads(decoded(line))
    except (ValueError, RecursionError) as error:
        raise RecordError("line", "not a JSON object") from error


def _label(item: Any) -> str:
    label = fields.text(item, "label")
    if label not in _LABELS:
        raise RecordError("label", "neither True nor False")
    return label


SOURCE = Source(
    name=NAME,
    title="NLVR2",
    address="https://github.com/lil-lab/nlvr (nlvr2/data)",
    reads={"images": images, "questions": questions},
    pool="nlvr2",
    marks=(Marks(opening="{", keys=("identifier", "sentence"), without=("structured_rep",)),),
)
