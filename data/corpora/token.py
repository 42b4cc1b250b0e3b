"""The token corpus: for each image the category labels of its regions, in the order of the regions, as one text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data.corpora.building import CorpusPlan, ImageDealer, build_parts
from data.corpora.joined import Joined
from data.corpora.rows import Bench, rows_of, singles
from data.corpora.tally import Tally
from data.progress import Progress
from data.records import PRETRAINING
from data.shards import Workplace
from data.text_tables import of_rows

SOURCE = "the region store"
OF_A_BENCHMARK = "image that only a benchmark lists"


@dataclass(frozen=True, kw_only=True)
class TokenSettings:
    """`max_length` in word pieces, [CLS] and [SEP] included (36 Visual Genome labels are about 51 pieces)."""

    max_length: int
    images_per_shard: int
    max_rejected_rate: float = 0.05


def build(
    *,
    images: Path,
    regions: Path,
    vocabulary: Path,
    settings: TokenSettings,
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write the corpus into the folder `into`: one row per image of the region store, those of benchmarks left out."""
    joined = Joined.open(images=images, regions=regions, vocabulary=vocabulary, pool=PRETRAINING)
    plan = CorpusPlan(
        corpus="TokenCorpus",
        source=SOURCE,
        max_length=settings.max_length,
        max_rejected_rate=settings.max_rejected_rate,
        images_per_shard=settings.images_per_shard,
        reasons=(OF_A_BENCHMARK,),
    )
    tally = Tally()
    tally.notes["regions without a label"] = int((joined.regions.object_ids_NR < 0).sum())
    with ImageDealer(joined, plan, workplace) as dealer:
        _deal(joined, dealer, tally)
    build_parts(
        _rows,
        joined,
        plan,
        dealer=dealer,
        tally=tally,
        vocabulary=vocabulary,
        into=into,
        progress=progress,
        workplace=workplace,
    )


def _deal(joined: Joined, dealer: ImageDealer, tally: Tally) -> None:
    """Deal out the labels of every image of pre-training; those of benchmarks are counted as filtered."""
    joined.num_read = len(joined.regions.row_of)
    rows = []
    for image_id in joined.regions.row_of:
        text = " ".join(joined.labels_of(image_id))
        if joined.images.pool.get(image_id, PRETRAINING) != PRETRAINING:
            tally.filtered.add(image_id, text, OF_A_BENCHMARK)
        elif joined.image_of(image_id, source=SOURCE, record=image_id) is not None:
            rows.append((image_id, image_id, text))
    dealer.deal_texts(pa.Table.from_batches([of_rows(rows)]))


def _rows(bench: Bench) -> pa.Table:
    """A row for each image."""
    labels = bench.worded()
    row_ids = pc.binary_join_element_wise(labels["image_id"], "t", "#")
    return rows_of(row_ids, labels["image_id"], labels["text"], singles(labels["image_id"]))
