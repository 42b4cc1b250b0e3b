"""The token corpus: for each image the category labels of its regions, in the order of the regions, as one text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.corpora.rows import Joined, Row, write
from data.progress import Progress
from data.records import PRETRAINING

SOURCE = "the region store"


@dataclass(frozen=True, kw_only=True)
class TokenSettings:
    """`max_length` in word pieces, [CLS] and [SEP] included (36 Visual Genome labels are about 51 pieces)."""

    max_length: int
    max_rejected_rate: float = 0.05


def build(
    *, images: Path, regions: Path, vocabulary: Path, settings: TokenSettings, into: Path, progress: Progress
) -> None:
    """Write the corpus into the folder `into`: one row per image of the region store, those of benchmarks left out."""
    joined = Joined.open(images=images, regions=regions, vocabulary=vocabulary, pool=PRETRAINING)
    joined.num_read = len(joined.regions.row_of)
    pool = joined.images.pool
    wanted = [image_id for image_id in joined.regions.row_of if pool.get(image_id, PRETRAINING) == PRETRAINING]
    rows = [row for image_id in wanted if (row := _row(image_id, joined)) is not None]
    write(
        rows,
        joined,
        corpus="TokenCorpus",
        max_length=settings.max_length,
        max_rejected_rate=settings.max_rejected_rate,
        notes={"regions without a label": int((joined.regions.object_ids_NR < 0).sum())},
        filtered={"image that only a benchmark lists": joined.num_read - len(wanted)},
        into=into,
    )
    progress(1.0, f"{len(rows):,} rows")


def _row(image_id: str, joined: Joined) -> Row | None:
    if joined.image_of(image_id, source=SOURCE, record=image_id) is None:
        return None
    text = joined.text_of(" ".join(joined.labels_of(image_id)), source=SOURCE, record=image_id)
    if text is None:
        return None
    return Row(row_id=f"{image_id}#t", image_id=image_id, text=text, source_ids=(image_id,))
