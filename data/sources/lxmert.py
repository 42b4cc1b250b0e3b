"""What LXMERT's JSON files have in common: a list of rows with `img_id`, and `label` as scores by answer.

https://github.com/airsplay/lxmert (src/pretrain/lxmert_data.py, src/tasks)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from data.records import ImageRecord, Reject, Split
from data.sources import fields
from data.sources.ids import image_id_of
from data.sources.json_items import items

ADDRESS = "https://github.com/airsplay/lxmert"


def images(
    path: Path, reject: Reject, *, source: str, split_of: Callable[[str], Split | None] = lambda name: None
) -> Iterator[ImageRecord]:
    """Each image that a row names, once, with the split that its name says; its size is not given."""
    seen: set[str] = set()
    for name in fields.each(items(path, source), image_name, source=source, reject=reject):
        image_id = image_id_of(name)
        assert image_id is not None, "image_name checks it"
        if image_id not in seen:
            seen.add(image_id)
            yield ImageRecord(image_id=image_id, file_name=None, width_px=None, height_px=None, split=split_of(name))


def image_name(item: Any) -> str:
    """The name of a row's image, such as `COCO_train2014_000000318556` or Visual Genome's `2375429`."""
    name = fields.text(item, "img_id")
    if image_id_of(name) is None:
        raise fields.RecordError("img_id", "image id of unknown form")
    return name


def image_of(item: Any) -> str:
    """The id of a row's image."""
    return str(image_id_of(image_name(item)))


def labels(item: Any) -> dict[str, float]:
    """The score in (0, 1] of each right answer; empty where the row has no label."""
    return as_scores(fields.mapping(item, "label")) if fields.has(item, "label") else {}


def as_scores(label: Any) -> dict[str, float]:
    """A label, `{answer: score}`, checked."""
    if not isinstance(label, dict):
        raise fields.RecordError("label", "not an object with fields")
    scores = {fields.as_written(answer, "label"): fields.number(label, answer) for answer in label}
    if not all(0 < score <= 1 for score in scores.values()):
        raise fields.RecordError("label", "score outside (0, 1]")
    return scores
