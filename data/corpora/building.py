"""How a corpus is built: records dealt out to shards of images, each a part of one table that a worker writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from data import shards, tables
from data.corpora.joined import Joined
from data.corpora.rows import ImageShard, Make, Shared, write_part
from data.corpora.tally import Tally
from data.dealing import Dealer
from data.progress import Progress
from data.schema import TEXTS
from data.shards import PartFiles, Workplace

FOLDER = "corpus"


@dataclass(frozen=True, kw_only=True)
class CorpusPlan:
    """What tells one corpus from another: its task's name for messages, the name of its records' source, its limits.

    `reasons` are those for which something is filtered: left out on purpose, which is no sign of wrong files.
    `schema` is that of the records dealt out: `TEXTS`, and what the corpus adds.
    """

    corpus: str
    source: str
    max_length: int
    max_rejected_rate: float
    images_per_shard: int
    reasons: tuple[str, ...] = ()
    schema: pa.Schema = TEXTS


class ImageDealer(Dealer):
    """Deals texts out to the shards of the images that they speak of."""

    def __init__(self, joined: Joined, plan: CorpusPlan, workplace: Workplace) -> None:
        self._row_of = joined.regions.row_of
        self._per_shard = plan.images_per_shard
        super().__init__(workplace.scratch / "dealt", plan.schema, list(_ranges(joined, plan)))

    def deal_texts(self, texts: pa.Table) -> None:
        """Give texts, with what else the schema has, to the shards of their images, which have regions."""
        ids = texts["image_id"].combine_chunks().dictionary_encode()
        numbers = [self._row_of[image_id] // self._per_shard for image_id in ids.dictionary.to_pylist()]
        self.deal(texts, np.array(numbers, np.int64)[ids.indices.to_numpy()])


def build_parts(
    make: Make,
    joined: Joined,
    plan: CorpusPlan,
    *,
    dealer: Dealer,
    tally: Tally | None = None,
    vocabulary: Path,
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write the table's parts, counts.json and rejected.parquet (filtered.parquet too) into the folder `into`.

    `tally` is what is known before the shards. Raises SourceError where more than the plan's share of the records was
    rejected: before the shards are built where that shows by then.
    """
    total = tally or Tally()
    total.log = joined.log
    joined.log.check(num_read=joined.num_read, max_rate=plan.max_rejected_rate, corpus=plan.corpus)
    shelf = PartFiles(workplace=workplace, name=FOLDER, suffix=tables.SUFFIX)
    shared = Shared(
        vocabulary=vocabulary,
        object_names=joined.regions.object_names,
        source=plan.source,
        max_length=plan.max_length,
        schema=plan.schema,
    )
    items = {
        name: _shard(joined, rows, path=shelf.path(name), records=dealer.path(name))
        for name, rows in _ranges(joined, plan).items()
    }
    work = partial(write_part, make=make, shared=shared)
    finished = shards.build(FOLDER, items, work, shelf=shelf, workplace=workplace, progress=progress)
    for shard in finished.values():
        total.add(shard.summary)
    joined.log.check(num_read=joined.num_read, max_rate=plan.max_rejected_rate, corpus=plan.corpus)
    shards.publish({FOLDER: (shelf, finished)}, into)
    total.write(into, num_read=joined.num_read, reasons=plan.reasons)
    progress(1.0, f"{total.rows.total():,} rows")


def _ranges(joined: Joined, plan: CorpusPlan) -> dict[str, range]:
    return shards.ranges(len(joined.regions.image_ids), plan.images_per_shard)


def _shard(joined: Joined, rows: range, *, path: Path, records: Path) -> ImageShard:
    image_ids: Sequence[str] = joined.regions.image_ids[rows.start : rows.stop].tolist()
    return ImageShard(
        path=path,
        splits={image_id: joined.images.split.get(image_id, "") for image_id in image_ids},
        object_ids_SR=joined.regions.object_ids_NR[rows.start : rows.stop],
        records=records,
    )
