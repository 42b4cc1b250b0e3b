"""Classes of images that other sources list: a line for each, its id or its file, a tab, and the class.

`COCO_val2014_000000253964.jpg<tab>grass`, or an id of ours such as `birds:17`. Splits are those of the images. The last
line has an end too, since a class that was cut off would be another. https://en.wikipedia.org/wiki/Tab-separated_values
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import Marks, QuestionRecord, Reject, Source
from data.sources import fields
from data.sources.fields import RecordError
from data.sources.ids import image_id_of
from data.sources.lines import decoded, records

NAME = "image_class_list"


def classes(path: Path, reject: Reject) -> Iterator[QuestionRecord]:
    """The class of each image."""
    return records(path, _class, source=NAME, reject=reject)


def _class(line: bytes) -> QuestionRecord:
    if not line.endswith(b"\n"):
        raise RecordError("line", "cut off")
    named, tab, label = decoded(line).partition("\t")
    image_id = image_id_of(named.strip())
    if not tab:
        raise RecordError("line", "no tab between image and class")
    if image_id is None:
        raise RecordError("image id", "image id of unknown form")
    answers = (fields.as_text(label, "class"),)
    return QuestionRecord(question_id=image_id, image_ids=(image_id,), text="", answers=answers)


SOURCE = Source(
    name=NAME,
    title="Classes of images",
    address="https://en.wikipedia.org/wiki/Tab-separated_values, as docs/formats.md says",
    reads={"classes": classes},
    marks=(Marks(pattern=r"^(COCO_\w+(\.jpg)?|n?[0-9]+(\.jpg)?|[a-z][a-z0-9_]*:[\w.-]+)\t[^\t\r\n]+\r?\n"),),
)
