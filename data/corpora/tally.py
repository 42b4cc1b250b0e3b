"""What is known of the rows of a corpus: of one shard, as a worker tells it, and of all, as counts.json says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data.corpora.filtered import FILE_NAME as FILTERED_FILE
from data.corpora.filtered import FilterLog
from data.records import Rejection
from data.rejects import RejectLog
from data.schema import FILTERED, REJECTED, SPLITS
from data.writers import write_json, write_parquet


@dataclass(kw_only=True)
class Tally:
    """Rows and images by split, word pieces, what was rejected and filtered, and sums that a corpus notes."""

    log: RejectLog = field(default_factory=RejectLog)
    filtered: FilterLog = field(default_factory=FilterLog)
    rows: Counter[str] = field(default_factory=Counter)
    images: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    num_pieces: int = 0
    num_truncated: int = 0
    num_with_topic: int = 0

    def plain(self) -> dict[str, Any]:
        """All of it as JSON, for the ledger."""
        return {
            "rows": self.rows,
            "images": self.images,
            "notes": self.notes,
            "num_pieces": self.num_pieces,
            "num_truncated": self.num_truncated,
            "num_with_topic": self.num_with_topic,
            "rejected": self.log.counts,
            "rejections": [asdict(rejection) for rejection in self.log.kept],
            "filtered": self.filtered.counts,
            "examples": self.filtered.kept(),
        }

    def add(self, shard: dict[str, Any]) -> None:
        """Take in what `plain` gave of a shard; shards come in their order, so that what is kept is the first."""
        self.rows.update(shard["rows"])
        self.images.update(shard["images"])
        self.notes.update(shard["notes"])
        self.num_pieces += shard["num_pieces"]
        self.num_truncated += shard["num_truncated"]
        self.num_with_topic += shard["num_with_topic"]
        self.log.merge(shard["rejected"], (Rejection(**kept) for kept in shard["rejections"]))
        self.filtered.merge(shard["filtered"], shard["examples"])

    def write(self, into: Path, *, num_read: int, reasons: Iterable[str]) -> None:
        """Write counts.json, rejected.parquet and, where the corpus filters for `reasons`, filtered.parquet."""
        num_rows = max(self.rows.total(), 1)
        counts = {
            "rows": {split: self.rows[split] for split in SPLITS},
            "images": {split: self.images[split] for split in SPLITS},
            "read": num_read,
            "rejected": dict(self.log.counts),
            "filtered": {**dict.fromkeys(reasons, 0), **self.filtered.counts},
            "notes": {
                **self.notes,
                "mean word pieces": round(self.num_pieces / num_rows, 3),
                "truncated rows": self.num_truncated,
                "share of rows with a topic": round(self.num_with_topic / num_rows, 4),
            },
        }
        write_json(into / "counts.json", counts)
        write_parquet(into / "rejected.parquet", self.log.table(), REJECTED)
        if reasons:
            write_parquet(into / FILTERED_FILE, self.filtered.table(), FILTERED)
