"""Texts with their image and record as Arrow's tables (`TEXTS`), and what a text on one line is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from data.records import CaptionRecord, PhraseRecord
from data.schema import TEXTS


def of_phrases(records: Iterable[PhraseRecord]) -> pa.RecordBatch:
    """Phrases that a reader has checked."""
    return of_rows([(record.image_id, record.phrase_id, record.text) for record in records])


def of_captions(records: Iterable[CaptionRecord]) -> pa.RecordBatch:
    """Captions that a reader has checked."""
    return of_rows([(record.image_id, record.caption_id, record.text) for record in records])


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
