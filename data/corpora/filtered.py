"""What a corpus leaves out on purpose: how much for each reason, and the first examples of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import pyarrow as pa

from data.schema import FILTERED

FILE_NAME = "filtered.parquet"
MAX_KEPT = 100


class FilterLog:
    """Counts what is left out, for each of `reasons`, and keeps the first `MAX_KEPT` by image id and text."""

    def __init__(self, *reasons: str) -> None:
        self._counts = Counter(dict.fromkeys(reasons, 0))
        self._kept: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)

    @property
    def counts(self) -> Mapping[str, int]:
        """How much was left out, by reason."""
        return dict(self._counts)

    def add(self, image_id: str, text: str, reason: str) -> None:
        """Take one text of one image."""
        self._counts[reason] += 1
        kept = self._kept[reason]
        kept.append((image_id, text))
        if len(kept) == 10 * MAX_KEPT:  # so that memory is bounded, and sorting rare
            kept[:] = sorted(kept)[:MAX_KEPT]

    def table(self) -> pa.Table:
        """The kept texts by image id, text and reason, as `FILTERED`."""
        rows = sorted((*kept, reason) for reason, found in self._kept.items() for kept in sorted(found)[:MAX_KEPT])
        columns = {name: [row[number] for row in rows] for number, name in enumerate(FILTERED.names)}
        return pa.table(columns, schema=FILTERED)
