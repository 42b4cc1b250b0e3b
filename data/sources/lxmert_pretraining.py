"""LXMERT's pre-training texts: `mscoco_train.json`, `mscoco_nominival.json`, `mscoco_minival.json`, `vgnococo.json`.

A list of {img_id, sentf: {set: [sentence]}, labelf: {set: [{answer: score}]}}: `mscoco` are captions, `vg` the phrases
of regions (without their boxes), and sets that have labels are questions, the two lists side by side.
https://github.com/airsplay/lxmert#pre-training (src/pretrain/lxmert_data.py)

No sentence has an id: it is called by its image, its set and its place. So none is recognised as one of another file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import CaptionRecord, ImageRecord, Marks, PhraseRecord, QuestionRecord, Reject, Rejection, Source
from data.sources import fields, lxmert
from data.sources.fields import RecordError
from data.sources.json_items import items

NAME = "lxmert_pretraining"
_CAPTIONS = "mscoco"
_PHRASES = "vg"


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Every image, once."""
    return lxmert.images(path, reject, source=NAME)


def captions(path: Path, reject: Reject) -> Iterator[CaptionRecord]:
    """The captions that LXMERT took from COCO; some of them end in a line break, which is taken off."""
    for image_id, name, text in _sentences(path, _CAPTIONS, reject):
        yield CaptionRecord(image_id=image_id, caption_id=name, text=text)


def phrases(path: Path, reject: Reject) -> Iterator[PhraseRecord]:
    """The phrases that LXMERT took from Visual Genome; of what region is not said."""
    for image_id, name, text in _sentences(path, _PHRASES, reject):
        yield PhraseRecord(image_id=image_id, phrase_id=name, text=text, box=None)


def questions(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """The questions of all sets (VQA, GQA, Visual7W), their answers from the surest to the least sure."""
    for place, item in items(path, NAME):
        try:
            image_id = lxmert.image_of(item)
            sets = fields.mapping(item, "labelf") if "labelf" in item else {}
            asked = [(name, _pairs(item, name)) for name in sets]
        except RecordError as bad:
            reject(Rejection(source=NAME, record=place, field=bad.field, reason=bad.reason))
            continue
        for name, pairs in asked:
            for number, (sentence, label) in enumerate(pairs):
                try:
                    yield _question(f"{image_id}#{name}{number}", image_id, sentence, label)
                except RecordError as bad:
                    where = f"{place}.{name[: fields.MAX_NAME_LENGTH]}[{number}]"
                    reject(Rejection(source=NAME, record=where, field=bad.field, reason=bad.reason))


def _sentences(path: Path, name: str, reject: Reject) -> Iterator[tuple[str, str, str]]:
    """(image id, name, text) of every sentence of a set; an image need not have any."""
    for place, item in items(path, NAME):
        try:
            image_id = lxmert.image_of(item)
            sets = fields.mapping(item, "sentf")
            sentences = fields.members(sets, name) if name in sets else []
        except RecordError as bad:
            reject(Rejection(source=NAME, record=place, field=bad.field, reason=bad.reason))
            continue
        for number, sentence in enumerate(sentences):
            try:
                yield image_id, f"{image_id}#{name}{number}", fields.as_text(sentence, name)
            except RecordError as bad:
                where = f"{place}.sentf.{name}[{number}]"
                reject(Rejection(source=NAME, record=where, field=bad.field, reason=bad.reason))


def _pairs(item: Any, name: str) -> list[tuple[Any, Any]]:
    """The sentences of a set with their labels. Raises RecordError where the two lists do not match."""
    sentences, labels = fields.members(fields.mapping(item, "sentf"), name), fields.members(item["labelf"], name)
    if not (name.isascii() and name.isalnum()):
        raise RecordError("labelf", "name of a set that is no word")
    if len(sentences) != len(labels):
        raise RecordError("labelf", "another number of labels than of sentences")
    return list(zip(sentences, labels, strict=True))


def _question(name: str, image_id: str, sentence: Any, label: Any) -> QuestionRecord:
    scores = lxmert.as_scores(label)
    answers = sorted(scores, key=lambda answer: (-scores[answer], answer))
    return QuestionRecord(
        question_id=name, image_ids=(image_id,), text=fields.as_text(sentence, "sentf"), answers=tuple(answers)
    )


SOURCE = Source(
    name=NAME,
    title="LXMERT's pre-training texts",
    address=f"{lxmert.ADDRESS}#pre-training (data/lxmert)",
    reads={"images": images, "captions": captions, "phrases": phrases, "questions": questions},
    marks=(Marks(opening="[", keys=("img_id", "sentf")),),
)
