"""What both builders of the region store write beside it: how many images, and which were left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from data.images import ImageTable
from data.rejects import RejectLog
from data.schema import REJECTED, SPLITS
from data.writers import write_json, write_parquet


def write_counts(
    into: Path,
    image_ids: Sequence[str],
    table: ImageTable,
    log: RejectLog,
    *,
    num_read: int,
    notes: Mapping[str, float],
) -> None:
    """Write counts.json and rejected.parquet; a row of the store is an image."""
    splits = [table.split[image_id] for image_id in image_ids]
    counts = {split: splits.count(split) for split in SPLITS}
    write_parquet(into / "rejected.parquet", log.table(), REJECTED)
    write_json(
        into / "counts.json",
        {"rows": counts, "images": counts, "read": num_read, "rejected": dict(log.counts), "notes": dict(notes)},
    )
