"""The sentence corpus: one row per caption."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.corpora.rows import Joined, Row, write
from data.progress import Progress
from data.records import PRETRAINING, CaptionRecord
from data.sources import SourceFiles


@dataclass(frozen=True, kw_only=True)
class SentenceSettings:
    """`max_length` in word pieces, [CLS] and [SEP] included."""

    max_length: int
    max_rejected_rate: float = 0.01


def build(
    files: SourceFiles,
    *,
    images: Path,
    regions: Path,
    vocabulary: Path,
    settings: SentenceSettings,
    into: Path,
    progress: Progress,
) -> None:
    """Write the corpus into the folder `into`: every caption of pre-training whose image has regions."""
    joined = Joined.open(images=images, regions=regions, vocabulary=vocabulary, pool=PRETRAINING)
    rows: dict[str, Row] = {}
    for caption in joined.records(files, "captions", progress):
        row = _row(caption, joined)
        if row is not None and row.row_id in rows:
            joined.reject("captions", row.row_id, "caption_id", "repeated caption id")
        elif row is not None:
            rows[row.row_id] = row
    write(
        list(rows.values()),
        joined,
        corpus="SentenceCorpus",
        max_length=settings.max_length,
        max_rejected_rate=settings.max_rejected_rate,
        notes={},
        into=into,
    )
    progress(1.0, f"{len(rows):,} rows")


def _row(caption: CaptionRecord, joined: Joined) -> Row | None:
    image_id = joined.image_of(caption.image_id, source="captions", record=caption.caption_id)
    if image_id is None:
        return None
    text = joined.text_of(caption.text, source="captions", record=caption.caption_id)
    if text is None:
        return None
    return Row(row_id=caption.caption_id, image_id=image_id, text=text, source_ids=(caption.caption_id,))
