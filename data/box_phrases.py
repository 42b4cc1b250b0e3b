"""Phrases made from annotated boxes, for collections that describe no regions in words: noun phrases without any verb.

For each object what it is and where ("small yellow circle on the left"), for each kind how many ("three yellow
circles"), and for neighbours how they lie ("small yellow circle above a black square").
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from data.records import BoxRecord, PhraseRecord

MAX_RELATIONS = 6
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}
_IRREGULAR = {
    "person": "people",
    "sheep": "sheep",
    "mouse": "mice",
    "knife": "knives",
    "scissors": "scissors",
    "skis": "skis",
}
_HISSING = ("s", "x", "ch", "sh")


def phrases_of_boxes(records: Iterable[BoxRecord]) -> Iterator[PhraseRecord]:
    """The phrases of every image, images in the order of their first box; all boxes are held in memory meanwhile."""
    boxes_of: defaultdict[str, list[BoxRecord]] = defaultdict(list)
    for record in records:
        boxes_of[record.image_id].append(record)
    for image_id, boxes in boxes_of.items():
        width = max(box.box[2] for box in boxes)
        phrases = [*_places(boxes, width), *_counts(boxes), *_relations(boxes)]
        for number, (text, record) in enumerate(dict(phrases).items()):
            yield PhraseRecord(image_id=image_id, phrase_id=f"{image_id}#b{number}", text=text, box=record.box)


def plural(noun: str) -> str:
    """The plural of an English noun, of its last word where it has several."""
    head, space, last = noun.rpartition(" ")
    if last not in _IRREGULAR and last.endswith("y") and last[-2:-1] not in "aeiou":
        last = f"{last[:-1]}ies"
    else:
        last = _IRREGULAR.get(last) or last + ("es" if last.endswith(_HISSING) else "s")
    return f"{head}{space}{last}"


def _name(record: BoxRecord) -> str:
    return " ".join((*record.attributes, record.label))


def _places(boxes: Sequence[BoxRecord], width: float) -> Iterator[tuple[str, BoxRecord]]:
    for record in boxes:
        third = int(3 * (record.box[0] + record.box[2]) / 2 / max(width, 1e-9))
        yield f"{_name(record)} {('on the left', 'in the middle', 'on the right')[min(max(third, 0), 2)]}", record


def _counts(boxes: Sequence[BoxRecord]) -> Iterator[tuple[str, BoxRecord]]:
    for name, count in Counter(_name(record) for record in boxes).items():
        if count > 1:
            first = next(record for record in boxes if _name(record) == name)
            yield f"{_NUMBERS.get(count, 'many')} {plural(name)}", first


def _relations(boxes: Sequence[BoxRecord]) -> Iterator[tuple[str, BoxRecord]]:
    """The nearest other object of another name, for the first few objects."""
    for record in boxes[:MAX_RELATIONS]:
        others = [other for other in boxes if _name(other) != _name(record)]
        if others:
            nearest = min(others, key=lambda other: (_distance(record, other), _name(other)))
            yield f"{_name(record)} {_relation(record, nearest)} a {_name(nearest)}", record


def _centre(record: BoxRecord) -> tuple[float, float]:
    x1, y1, x2, y2 = record.box
    return (x1 + x2) / 2, (y1 + y2) / 2


def _distance(one: BoxRecord, other: BoxRecord) -> float:
    (x, y), (u, v) = _centre(one), _centre(other)
    return (x - u) ** 2 + (y - v) ** 2


def _relation(one: BoxRecord, other: BoxRecord) -> str:
    (x, y), (u, v) = _centre(one), _centre(other)
    if abs(x - u) >= abs(y - v):
        return "to the left of" if x < u else "to the right of"
    return "above" if y < v else "below"
