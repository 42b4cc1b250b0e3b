"""Nothing is dropped in silence: every rejected record is counted by reason, and the first of them are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pyarrow as pa

from data.errors import SourceError
from data.records import Rejection
from data.schema import REJECTED

MAX_KEPT = 10_000


class RejectLog:
    """Counts rejections by reason and keeps the first `MAX_KEPT`; pass its `add` to readers."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: list[Rejection] = []

    def add(self, rejection: Rejection) -> None:
        """Take one rejection."""
        self.counts[rejection.reason] += 1
        if len(self.kept) < MAX_KEPT:
            self.kept.append(rejection)

    def merge(self, counts: Mapping[str, int], kept: Iterable[Rejection]) -> None:
        """Take in the counts of another log and the rejections that it kept."""
        self.counts.update(counts)
        self.kept += list(kept)[: MAX_KEPT - len(self.kept)]

    def table(self) -> pa.Table:
        """The kept rejections in the order of arrival, as `REJECTED`."""
        columns = {name: [getattr(rejection, name) for rejection in self.kept] for name in REJECTED.names}
        return pa.table(columns, schema=REJECTED)

    def check(self, *, num_read: int, max_rate: float, corpus: str) -> None:
        """Raise SourceError if more than `max_rate` of `num_read` records were rejected, naming the first three."""
        num_rejected = sum(self.counts.values())
        if num_rejected <= max_rate * max(num_read, 1):
            return
        first = "; ".join(f"{r.record} ({r.field}: {r.reason})" for r in self.kept[:3])
        raise SourceError(
            expected=f"at most {max_rate:.0%} of the records of {corpus} rejected",
            found=f"{num_rejected} of {num_read}: {dict(self.counts.most_common(3))}; first: {first}",
            where=f"{self.kept[0].source}, as given under [sources]",
            way_out=f"mend or match the files, or allow it with [{corpus}] max_rejected_rate in luigi.cfg",
        )
