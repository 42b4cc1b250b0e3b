"""The sentence corpus: one row per caption."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from data.corpora.building import CorpusPlan, ImageDealer, build_parts
from data.corpora.joined import Joined
from data.corpora.rows import Bench, rows_of, singles
from data.progress import Progress
from data.records import PRETRAINING
from data.shards import Workplace
from data.sources import SourceFiles


@dataclass(frozen=True, kw_only=True)
class SentenceSettings:
    """`max_length` in word pieces, [CLS] and [SEP] included."""

    max_length: int
    images_per_shard: int
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
    workplace: Workplace,
) -> None:
    """Write the corpus into the folder `into`: every caption of pre-training whose image has regions."""
    joined = Joined.open(images=images, regions=regions, vocabulary=vocabulary, pool=PRETRAINING)
    plan = CorpusPlan(
        corpus="SentenceCorpus",
        source="captions",
        max_length=settings.max_length,
        max_rejected_rate=settings.max_rejected_rate,
        images_per_shard=settings.images_per_shard,
    )
    with ImageDealer(joined, plan, workplace) as dealer:
        _deal(files, joined, dealer, progress)
    build_parts(
        _rows, joined, plan, dealer=dealer, vocabulary=vocabulary, into=into, progress=progress, workplace=workplace
    )


def _deal(files: SourceFiles, joined: Joined, dealer: ImageDealer, progress: Progress) -> None:
    """Deal out the captions whose images have regions; the first of several with one id wins."""
    seen: set[str] = set()
    for captions in joined.texts(files, "captions", progress):
        is_new = []
        for name in captions["record_id"].to_pylist():
            is_new.append(name not in seen)
            seen.add(name)
            if not is_new[-1]:
                joined.reject("captions", name, "caption_id", "repeated caption id")
        dealer.deal_texts(captions.filter(pa.array(is_new, pa.bool_())))


def _rows(bench: Bench) -> pa.Table:
    """A row for each caption."""
    captions = bench.worded()
    return rows_of(captions["record_id"], captions["image_id"], captions["text"], singles(captions["record_id"]))
