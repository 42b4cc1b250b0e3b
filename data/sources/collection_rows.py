"""The rows of a collection that only the user knows: JSON lines or Parquet, an image a row (docs/formats.md).

A row is an object with the fields below; all but `image` may be absent or null. Lists `labels`, `attributes`,
`phrases`, `confidences` and `features` say something of each of `boxes`, in their order.

| field | type | meaning |
|---|---|---|
| image | text | its id, `birds:17`: a collection in small letters, a colon, a name; or one of ours (`coco:318556`) |
| file_name | text | of the picture, anywhere below a folder of `[sources] collection_images` |
| width, height | whole numbers | of the picture in pixels |
| split | text | `train`, `validation` or `test` |
| group | text | images of one group share a split and are never each other's negatives |
| same_as | text | the id of the same picture in another collection |
| captions | list of texts | of the whole image; a single one may stand in `caption` |
| boxes | list of [x1, y1, x2, y2] | corners in pixels |
| labels | list of texts | what each box shows; null: not said |
| attributes | list of lists of texts | of each box |
| phrases | list of texts | that describe each box; null: none does |
| confidences | list of numbers | of each label, in [0, 1]; 1 where they are absent |
| features | bytes, in JSON as base64 | (boxes, 2048) float32, little-endian |

A field of another name is a mistake. Legend: R boxes of one image, F features of a box.
"""

from __future__ import annotations

import bisect
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from data.records import Place, Reject, Rejection, Split
from data.sources import fields
from data.sources.fields import RecordError
from data.sources.files import open_source, wrong_file
from data.sources.ids import image_id_of
from data.sources.lines import decoded, located, records_at

MAX_LINE_BYTES = 4 << 20  # 100 boxes with features make 1.1 MiB of base64
MAX_ROWS_OF_GROUP = 512
_ROWS_AT_ONCE = 16
_MAGIC = b"PAR1"
_FIELDS = frozenset(
    """image file_name width height split group same_as caption captions boxes labels attributes phrases confidences
    features""".split()  # noqa: SIM905
)
_EXPECTED = "Parquet or JSON lines, with the fields of docs/formats.md"
Row = Mapping[str, Any]
_GROUP = re.compile(r"[!-~]{1,64}")


def rows(path: Path, reject: Reject, *, source: str, with_features: bool) -> Iterator[tuple[Place, Row]]:
    """Every row that names its image, without its empty fields, with its place: a row's number or a line's offset."""
    if not _is_parquet(path, source):
        yield from located(path, _row_of_line, source=source, reject=reject, max_bytes=MAX_LINE_BYTES)
        return
    for number, given in enumerate(_table_rows(path, source, with_features=with_features)):
        try:
            yield number, checked(given)
        except RecordError as bad:
            reject(Rejection(source=source, record=f"row {number}", field=bad.field, reason=bad.reason))


def rows_at(path: Path, places: Iterable[Any], *, source: str) -> Iterator[Row]:
    """The rows at these places of a file that was read before. Raises SourceError where others are there by now."""
    if not _is_parquet(path, source):
        yield from records_at(path, places, _row_of_line, source=source, max_bytes=MAX_LINE_BYTES)
        return
    for given in _table_rows_at(path, places, source):
        try:
            yield checked(given)
        except RecordError as bad:
            found = f"{bad.field}: {bad.reason}"
            raise wrong_file(path, source, expected="the same rows in both readings", found=found) from bad


def checked(given: Any) -> Row:
    """The fields that say something. Raises RecordError where one is unknown, or the row names no image."""
    if not isinstance(given, Mapping):
        raise RecordError("row", "not an object with fields")
    unknown = sorted(name for name in given if name not in _FIELDS)
    if unknown:
        raise RecordError(unknown[0][: fields.MAX_NAME_LENGTH], "unknown field")
    row = {name: value for name, value in given.items() if value is not None}
    if image_of(fields.text(row, "image")) is None:
        raise RecordError("image", "image id of unknown form")
    return row


def image_of(name: str) -> str | None:
    """The id of the image that a row names; None unless it has its collection."""
    return image_id_of(name) if ":" in name else None


def split_of(row: Row) -> Split | None:
    """The split that the row gives its image."""
    for split in get_args(Split):
        if row.get("split") == split:
            known: Split = split
            return known
    if "split" in row:
        raise RecordError("split", "neither train, validation nor test")
    return None


def group_of(row: Row) -> str | None:
    """The group of the row's image."""
    if "group" not in row:
        return None
    group = fields.text(row, "group")
    if not _GROUP.fullmatch(group):
        raise RecordError("group", "not a name of at most 64 signs without spaces")
    return group


def of_each_box(row: Row, name: str) -> list[Any]:
    """The list `name`, which has a value for each box; None for each where the row has no such list."""
    num_boxes = len(fields.members(row, "boxes")) if "boxes" in row else 0
    values = fields.members(row, name) if name in row else [None] * num_boxes
    if len(values) != num_boxes:
        raise RecordError(name, "another number than of boxes")
    return values


def _row_of_line(line: bytes) -> Row:
    try:
        given = json.loads(decoded(line))
    except (ValueError, RecursionError) as error:
        raise RecordError("line", "not a JSON object") from error
    return checked(given)


def _is_parquet(path: Path, source: str) -> bool:
    with open_source(path, source) as file:
        return file.read(len(_MAGIC)) == _MAGIC


@contextmanager
def _table(path: Path, source: str) -> Iterator[pq.ParquetFile]:
    """A Parquet file of our fields. Raises SourceError where it breaks off, is wrong, has other fields or no row."""
    try:
        with pq.ParquetFile(path) as file:
            unknown = sorted(set(file.schema_arrow.names) - _FIELDS)
            if unknown:
                raise wrong_file(path, source, expected=_EXPECTED, found=f"a column {unknown[0][:64]!r}")
            if not file.metadata.num_rows:
                raise wrong_file(path, source, expected=_EXPECTED, found="no row in it")
            yield file
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise wrong_file(path, source, expected=_EXPECTED, found="Parquet that breaks off or is wrong") from error


def _table_rows(path: Path, source: str, *, with_features: bool) -> Iterator[Any]:
    with _table(path, source) as file:
        names = [name for name in file.schema_arrow.names if with_features or name != "features"]
        if with_features:
            _check_groups(file, path, source)
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=names):
            yield from batch.to_pylist()


def _table_rows_at(path: Path, places: Iterable[Any], source: str) -> Iterator[Any]:
    """The rows of these numbers; a group of rows is read once for those that follow each other."""
    with _table(path, source) as file:
        _check_groups(file, path, source)
        sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        ends = list(itertools.accumulate(sizes))
        number_of_group, group = -1, pa.table({})
        for place in places:
            wanted = bisect.bisect_right(ends, place)
            if wanted == len(ends):
                found = f"no row {place}"
                raise wrong_file(path, source, expected="the same rows in both readings", found=found)
            if wanted != number_of_group:
                number_of_group, group = wanted, file.read_row_group(wanted)
            yield group.slice(place - ends[wanted] + sizes[wanted], 1).to_pylist()[0]


def _check_groups(file: pq.ParquetFile, path: Path, source: str) -> None:
    """Parquet is fetched by groups of rows, so that these must fit into memory."""
    largest = max(file.metadata.row_group(number).num_rows for number in range(file.num_row_groups))
    if largest > MAX_ROWS_OF_GROUP:
        raise wrong_file(
            path,
            source,
            expected=f"groups of at most {MAX_ROWS_OF_GROUP} rows where features are among them (row_group_size=64)",
            found=f"one of {largest:,}",
        )
