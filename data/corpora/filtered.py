"""What a corpus leaves out on purpose: how much for each reason, and the first examples of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from data.schema import FILTERED

FILE_NAME = "filtered.parquet"
MAX_KEPT = 100


class FilterLog:
    """Counts what is left out, by reason, and keeps the first `MAX_KEPT` by image id and text."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._kept: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)

    def add(self, image_id: str, text: str, reason: str) -> None:
        """Take one text of one image."""
        self.counts[reason] += 1
        self._keep(image_id, text, reason)

    def add_all(self, image_ids: pa.ChunkedArray, texts: pa.ChunkedArray, reason: str) -> None:
        """Take many texts, each of its image."""
        if not len(texts):
            return
        self.counts[reason] += len(texts)
        found = pa.table({"image_id": image_ids, "text": texts})
        first = found.take(pc.sort_indices(found, [("image_id", "ascending"), ("text", "ascending")])[:MAX_KEPT])
        for row in first.to_pylist():
            self._keep(row["image_id"], row["text"], reason)

    def merge(self, counts: Mapping[str, int], kept: Iterable[Sequence[str]]) -> None:
        """Take in the counts of another log and the examples that it `kept`."""
        self.counts.update(counts)
        for image_id, text, reason in kept:
            self._keep(image_id, text, reason)

    def kept(self) -> list[tuple[str, str, str]]:
        """The kept texts: image id, text and reason, sorted."""
        return sorted((*kept, reason) for reason, found in self._kept.items() for kept in sorted(found)[:MAX_KEPT])

    def table(self) -> pa.Table:
        """The kept texts as `FILTERED`."""
        columns = {name: [row[number] for row in self.kept()] for number, name in enumerate(FILTERED.names)}
        return pa.table(columns, schema=FILTERED)

    def _keep(self, image_id: str, text: str, reason: str) -> None:
        kept = self._kept[reason]
        kept.append((image_id, text))
        if len(kept) == 10 * MAX_KEPT:  # so that memory is bounded, and sorting rare
            kept[:] = sorted(kept)[:MAX_KEPT]
