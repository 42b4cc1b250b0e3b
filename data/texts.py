"""Phrases and captions many at a time, as Arrow's tables: some millions of them pass without being Python objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from data.records import Reject, Rejection, Source
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
    return (batch for _, batch in batches_by_file(files, content, reject, pool))


def batches_by_file(
    files: SourceFiles, content: Literal["phrases", "captions"], reject: Reject, pool: str | None = None
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """As `batches`, each with the number of its file in that order."""
    for number, (source, path) in enumerate(in_order(files, content, pool)):
        if content in source.in_bulk:
            found = source.in_bulk[content](path, reject)
        else:
            found = of_records(source.reads[content](path, reject), content, reject)
        yield from ((number, batch) for batch in found)


def in_order(
    files: SourceFiles, content: Literal["phrases", "captions"], pool: str | None
) -> list[tuple[Source, Path]]:
    """The files that give `content`: sources (of `pool`) by name, each one's files in the order given."""
    known = all_sources()
    return [(known[name], path) for name in that_give(content, pool) for path in files.get(name, ())]


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
