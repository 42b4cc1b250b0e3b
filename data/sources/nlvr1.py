"""NLVR version 1: `dev.json`, `train.json`, `test.json`, one example a line, with the objects of every picture.

{sentence, label, identifier, directory, structured_rep: three boxes of {x_loc, y_loc, type, color, size}}; the pictures
are `images/<directory>/<split>-<identifier>-<permutation>.png`. https://github.com/lil-lab/nlvr/tree/master/nlvr
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import BoxRecord, CaptionRecord, ImageRecord, Marks, PhraseRecord, QuestionRecord, Reject, Source
from data.sources.lines import records
from data.sources.nlvr1_phrases import phrases as phrases_of
from data.sources.nlvr1_scenes import HEIGHT_PX, ORDERS, WIDTH_PX, Example, example_of, grey_box

NAME = "nlvr1"
_PERMUTATIONS = range(len(ORDERS))


def images(path: Path, reject: Reject) -> Iterator[ImageRecord]:
    """Six pictures of each example. Pictures of one sentence, or of equal scenes, are one group."""
    group_of = _groups(path)
    for example in _examples(path, reject):
        for permutation in _PERMUTATIONS:
            yield ImageRecord(
                image_id=example.image_id(permutation),
                file_name=f"{path.stem}-{example.identifier}-{permutation}.png",
                width_px=WIDTH_PX,
                height_px=HEIGHT_PX,
                group_id=f"nlvr1:{group_of[example.stem]}",
            )


def questions(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """Each sentence about each of its six pictures, with its label. Those about one group of pictures are one set."""
    group_of = _groups(path)
    for example in _examples(path, reject):
        for permutation in _PERMUTATIONS:
            image_id = example.image_id(permutation)
            yield QuestionRecord(
                question_id=image_id,
                image_ids=(image_id,),
                text=example.sentence,
                answers=("true" if example.is_true else "false",),
                set_id=f"nlvr1:{group_of[example.stem]}",
            )


def captions(path: Path, reject: Reject) -> Iterator[CaptionRecord]:
    """The true sentences; the publisher's label holds for all six pictures of an example."""
    for example in _examples(path, reject):
        for permutation in _PERMUTATIONS if example.is_true else ():
            image_id = example.image_id(permutation)
            yield CaptionRecord(image_id=image_id, caption_id=image_id, text=example.sentence)


def phrases(path: Path, reject: Reject) -> Iterator[PhraseRecord]:
    """Noun phrases made from the annotation, whether or not the sentence is true."""
    for example in _examples(path, reject):
        for permutation in _PERMUTATIONS:
            image_id = example.image_id(permutation)
            for number, (text, box) in enumerate(phrases_of(image_id, example.placed(permutation))):
                yield PhraseRecord(image_id=image_id, phrase_id=f"{image_id}/{number}", text=text, box=box)


def boxes(path: Path, reject: Reject) -> Iterator[BoxRecord]:
    """The three grey boxes, and the shapes in each with their colour and size."""
    for example in _examples(path, reject):
        for permutation in _PERMUTATIONS:
            image_id = example.image_id(permutation)
            for place, shapes in enumerate(example.placed(permutation)):
                yield BoxRecord(image_id=image_id, box=grey_box(place), label="box", attributes=("grey",))
                for shape in shapes:
                    words = (shape.colour, shape.size)
                    yield BoxRecord(image_id=image_id, box=shape.box(place), label=shape.kind, attributes=words)


def _examples(path: Path, reject: Reject) -> Iterator[Example]:
    return records(path, example_of, source=NAME, reject=reject)


def _groups(path: Path) -> dict[str, str]:
    """The group of each sentence's number: sentences that share a scene are joined, named by the first of them."""
    group_of: dict[str, str] = {}
    first_of: dict[str, str] = {}
    for example in _examples(path, reject=lambda rejection: None):
        group = _root(group_of, group_of.setdefault(example.stem, example.stem))
        other = _root(group_of, first_of.setdefault(example.scene, example.stem))
        group_of[max(group, other)] = min(group, other)
    return {stem: _root(group_of, stem) for stem in group_of}


def _root(group_of: dict[str, str], stem: str) -> str:
    while group_of[stem] != stem:
        stem = group_of[stem]
    return stem


SOURCE = Source(
    name=NAME,
    title="NLVR version 1",
    address="https://github.com/lil-lab/nlvr (nlvr/dev, nlvr/train)",
    reads={"images": images, "captions": captions, "phrases": phrases, "boxes": boxes, "questions": questions},
    marks=(Marks(opening="{", keys=("identifier", "sentence", "structured_rep")),),
)
