"""The sentence corpus: one row per caption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.corpora.building import CorpusPlan, ImageDealer, build_parts
from data.corpora.joined import Joined
from data.corpora.rows import Bench, Row
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
    for caption in joined.records(files, "captions", progress):
        name = caption.caption_id
        image_id = joined.image_of(caption.image_id, source="captions", record=name)
        line = None if image_id is None else joined.line_of(caption.text, source="captions", record=name)
        if image_id is None or line is None:
            continue
        if name in seen:
            joined.reject("captions", name, "caption_id", "repeated caption id")
            continue
        seen.add(name)
        dealer.deal_text(image_id, name, line)


def _rows(bench: Bench) -> Iterator[Row]:
    for record in bench.records:
        name = record["record_id"]
        if bench.has_words(record["text"], record=name):
            yield Row(row_id=name, image_id=record["image_id"], text=record["text"], source_ids=(name,))
