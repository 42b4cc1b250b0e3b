"""Phrases and captions many at a time, as Arrow's tables: some millions of them pass without being Python objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

import pyarrow as pa

from data.records import PhraseRecord, Reject, Rejection
from data.schema import TEXTS
from data.sources import SourceFiles, all_sources, that_give

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


def of_phrases(records: Iterable[PhraseRecord]) -> pa.RecordBatch:
    """Phrases that a reader has checked."""
    return of_rows([(record.image_id, record.phrase_id, record.text) for record in records])


def of_rows(rows: Iterable[tuple[str, str, str]]) -> pa.RecordBatch:
    """Image ids, record ids and texts as `TEXTS`."""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.record_batch([pa.array(column, pa.string()) for column in columns], schema=TEXTS)


def regrouped(found: Iterable[pa.RecordBatch], num_rows: int) -> Iterator[pa.Table]:
    """The batches put together into tables of at least so many rows, the last one apart; none is empty."""
    waiting: list[pa.RecordBatch] = []
    num_waiting = 0
    for batch in found:
        waiting.append(batch)
        num_waiting += batch.num_rows
        if num_waiting >= num_rows:
            yield pa.Table.from_batches(waiting)
            waiting, num_waiting = [], 0
    if num_waiting:
        yield pa.Table.from_batches(waiting)


def one_line(text: str) -> str | None:
    """The text with single spaces in place of all white space; None where UTF-8 cannot hold it."""
    line = " ".join(text.split())
    try:
        line.encode()
    except UnicodeEncodeError:
        return None
    return line
