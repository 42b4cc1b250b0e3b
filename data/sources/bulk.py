"""Many records of a JSON file checked at once, as columns; and one by one where that finds anything to say.

So the rows and the rejections are those of the reader of single records, at a fraction of its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data.sources import fields
from data.sources.json_items import Batch

Items = Sequence[tuple[str, Any]]
_UNSURE = (fields.RecordError, KeyError, TypeError, ValueError, OverflowError, pa.ArrowException)
# Texts that may have to be brought onto one line; some characters beyond ASCII are spaces to Python.
_NOT_PLAIN = r"^ | $|  |[^ -~]"


def checked(
    batches: Iterable[Batch],
    *,
    together: Callable[[Sequence[Any]], pa.RecordBatch],
    singly: Callable[[Items], pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """The texts of each batch of items: by `together` unless it raises anything that a wrong item may raise."""
    for batch in batches:
        try:
            found = together(batch.items)
        except _UNSURE:
            found = singly(batch.named())
        yield found


def ids(collection: str, numbers: Sequence[Any]) -> pa.Array:
    """The ids of what its collection numbers. ValueError where one is no whole number as JSON writes it."""
    if set(map(type, numbers)) != {int} or not 0 <= min(numbers) <= max(numbers) <= fields.MAX_NUMBER:
        raise ValueError("not whole numbers from 0")
    return pc.binary_join_element_wise(collection, pa.array(numbers, pa.int64()).cast(pa.string()), ":")


def lines(texts: Sequence[Any], name: str) -> pa.Array:
    """The texts of the field `name`, each on one line. ValueError or TypeError where one is none, RecordError too."""
    found = pa.array(texts, pa.string())
    is_plain = pc.invert(pc.match_substring_regex(found, _NOT_PLAIN)).to_pylist()
    if not all(is_plain):
        checked_texts = zip(texts, is_plain, strict=True)
        found = pa.array([text if plain else fields.as_text(text, name) for text, plain in checked_texts], pa.string())
    if found.null_count or pc.any(pc.equal(found, "")).as_py():
        raise ValueError("an empty text")
    return found
