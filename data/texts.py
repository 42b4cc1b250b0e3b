"""Phrases and captions many at a time, as Arrow's tables: some millions of them pass without being Python objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

import pyarrow as pa

from data.records import Reject, Rejection
from data.sources import SourceFiles, all_sources, that_give
from data.text_tables import of_rows, one_line

_BATCH = 20_000
_NAMES: Mapping[str, str] = {"phrases": "phrase_id", "captions": "caption_id"}


def batches(
    files: SourceFiles, content: Literal["phrases", "captions"], reject: Reject, pool: str | None = None
) -> Iterator[pa.RecordBatch]:
    """All records of `content` in `files` as `TEXTS`, in the order in which `data.sources.read` gives them.

    Each text is on one line; one that UTF-8 cannot hold is rejected.
    """
    for name in that_give(content, pool):
        source = all_sources()[name]
        for path in files.get(name, ()):
            if content in source.in_bulk:
                yield from source.in_bulk[content](path, reject)
            else:
                yield from of_records(source.reads[content](path, reject), content, reject)


def of_records(
    records: Iterable[Any], content: Literal["phrases", "captions"], reject: Reject
) -> Iterator[pa.RecordBatch]:
    """Records of phrases or captions as `TEXTS`."""
    waiting = iter(records)
    while taken := list(islice(waiting, _BATCH)):
        rows: list[tuple[str, str, str]] = []
        for record in taken:
            name = getattr(record, _NAMES[content])
            line = one_line(record.text)
            if line is None:
                reject(Rejection(source=content, record=name, field="text", reason="text is not Unicode"))
            else:
                rows.append((record.image_id, name, line))
        yield of_rows(rows)
