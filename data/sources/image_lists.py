"""Lists of images: one a line, by id or by file, such as `val2014/COCO_val2014_000000253964.jpg 253964`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from data.records import Reject
from data.sources.fields import RecordError
from data.sources.ids import image_id_of
from data.sources.lines import decoded, records


def image_ids(path: Path, reject: Reject, *, source: str) -> Iterator[str]:
    """The image that each line names first; bottom-up attention's lists name Visual Genome's files by folder."""
    return records(path, _image_id, source=source, reject=reject)


def _image_id(line: bytes) -> str:
    words = decoded(line).split()
    if not words:
        raise RecordError("line", "empty line")
    named = PurePosixPath(words[0])
    image_id = image_id_of(named.stem if named.parent.name.startswith("VG_100K") else named.name)
    if image_id is None:
        raise RecordError("image id", "image id of unknown form")
    return image_id
