"""ViLBERT's captions, `all_data_final_train_2014.jsonline`: {img_path, id, sentences: five texts} a line.

The same rows as one JSON list are `flickr30k_train2014.json` and `flickr30k_test2014.json` of MSP's authors.
https://github.com/facebookresearch/vilbert-multi-task (vilbert/datasets/retreival_dataset.py)
https://github.com/lttsmn/LXMERT-S (src/tasks/image_retrieval_data.py)

What a file is for (training, validation, test) its name says, and nothing in it: the published names do. A caption is
called by its image and its place.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from data.records import CaptionRecord, ImageRecord, Marks, Reject, Rejection, Source, Split
from data.sources import fields
from data.sources.fields import RecordError
from data.sources.files import open_source
from data.sources.json_items import items
from data.sources.lines import decoded, records
from data.sources.parts import split_of

_ADDRESS = "https://github.com/facebookresearch/vilbert-multi-task/tree/master/data"
_PUBLISHED = re.compile(r"(?:all_data_final|flickr30k)_(train|val|test)(?![a-z]).*\.json(?:line)?")


def source_of(
    name: str, title: str, *, pool: str, image_of: Callable[[Any], str], photo_of: Callable[[str], str | None]
) -> Source:
    """The source of that name; `image_of` gives the id of a row's image, `photo_of` of an id the number on Flickr."""
    return Source(
        name=name,
        title=title,
        address=f"{_ADDRESS} (all_data_final_train_2014.jsonline)",
        reads={
            "images": partial(_images, source=name, image_of=image_of, photo_of=photo_of),
            "captions": partial(_captions, source=name, image_of=image_of),
        },
        pool=pool,
        marks=(Marks(keys=("img_path", "sentences"), without=("images",)),),
    )


def _images(
    path: Path,
    reject: Reject,
    *,
    source: str,
    image_of: Callable[[Any], str],
    photo_of: Callable[[str], str | None],
) -> Iterator[ImageRecord]:
    seen: set[str] = set()
    published = _PUBLISHED.fullmatch(path.name)
    split: Split | None = split_of(published[1]) if published else None
    for place, row in _rows(path, reject, source):
        try:
            image_id = image_of(row)
        except RecordError as bad:
            reject(Rejection(source=source, record=place, field=bad.field, reason=bad.reason))
            continue
        if image_id not in seen:
            seen.add(image_id)
            yield ImageRecord(
                image_id=image_id,
                file_name=_file_name(row),
                width_px=None,
                height_px=None,
                split=split,
                photo_id=photo_of(image_id),
            )


def _file_name(row: Any) -> str | None:
    try:
        return PurePosixPath(fields.text(row, "img_path")).name or None
    except RecordError:
        return None


def _captions(path: Path, reject: Reject, *, source: str, image_of: Callable[[Any], str]) -> Iterator[CaptionRecord]:
    for place, row in _rows(path, reject, source):
        try:
            image_id = image_of(row)
            sentences = fields.members(row, "sentences")
        except RecordError as bad:
            reject(Rejection(source=source, record=place, field=bad.field, reason=bad.reason))
            continue
        for number, sentence in enumerate(sentences):
            try:
                text = fields.as_text(sentence, "sentences")
                yield CaptionRecord(image_id=image_id, caption_id=f"{image_id}#{number}", text=text)
            except RecordError as bad:
                where = f"{place}.sentences[{number}]"
                reject(Rejection(source=source, record=where, field=bad.field, reason=bad.reason))


def _rows(path: Path, reject: Reject, source: str) -> Iterator[tuple[str, Any]]:
    """The rows with their names, of a list or of lines."""
    with open_source(path, source) as file:
        is_list = file.read(64).lstrip().startswith(b"[")
    if is_list:
        return items(path, source)
    numbers = itertools.count(1)

    def numbered(line: bytes) -> tuple[str, Any]:
        return f"line {next(numbers)}", _object(line)

    return records(path, numbered, source=source, reject=reject)


def _object(line: bytes) -> Any:
    try:
        row = json.loads(decoded(line))
    except (ValueError, RecursionError) as error:
        raise RecordError("line", "not a JSON object") from error
    fields.members(row, "sentences")  # the line of another format is told here, once for the file
    return row
