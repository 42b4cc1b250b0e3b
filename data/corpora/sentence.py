"""The sentence corpus: one row per caption.

Captions of the same images come in several forms (COCO's own, Karpathy's, ViLBERT's, LXMERT's), whose ids differ. What
a file before has said of an image is not said again. Within a file it is: two people have used the same words.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from data import texts
from data.corpora.building import CorpusPlan, ImageDealer, build_parts
from data.corpora.joined import Joined
from data.corpora.rows import Bench, rows_of, singles
from data.corpora.tally import Tally
from data.progress import Progress
from data.records import PRETRAINING
from data.shards import Workplace
from data.sources import SourceFiles

SAID_BEFORE = "the same caption of the image in another file"


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
        reasons=(SAID_BEFORE,),
    )
    tally = Tally()
    with ImageDealer(joined, plan, workplace) as dealer:
        _deal(files, joined, dealer, tally, progress)
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


def _deal(files: SourceFiles, joined: Joined, dealer: ImageDealer, tally: Tally, progress: Progress) -> None:
    """Deal out the captions whose images have regions, but those that another file has; the first with an id wins."""
    taken: set[str] = set()
    said = _Said(has_several_files=len(texts.in_order(files, "captions", PRETRAINING)) > 1)
    for number, captions in joined.texts_by_file(files, "captions", progress):
        is_new = []
        for image_id, name, text in zip(*(column.to_pylist() for column in captions.columns), strict=True):
            is_repeated = said.is_in_a_file_before(image_id, text, number)
            is_new.append(not is_repeated and name not in taken)
            if is_new[-1]:
                taken.add(name)
                said.note(image_id, text, number)
            elif is_repeated:
                tally.filtered.add(image_id, text, SAID_BEFORE)
            else:
                joined.reject("captions", name, "caption_id", "repeated caption id")
        dealer.deal_texts(captions.filter(pa.array(is_new, pa.bool_())))


@dataclass(kw_only=True)
class _Said:
    """The file that each caption of an image was taken from; nothing is remembered where there is only one."""

    has_several_files: bool
    _file_of: dict[bytes, int] = field(default_factory=dict)

    def note(self, image_id: str, text: str, file: int) -> None:
        """Remember a caption that was taken."""
        if self.has_several_files:
            self._file_of.setdefault(_digest(image_id, text), file)

    def is_in_a_file_before(self, image_id: str, text: str, file: int) -> bool:
        """Whether these words were taken for the image from a file before."""
        return self.has_several_files and self._file_of.get(_digest(image_id, text), file) < file


def _digest(image_id: str, text: str) -> bytes:
    return hashlib.blake2b(f"{image_id} {text}".encode(), digest_size=16).digest()


def _rows(bench: Bench) -> pa.Table:
    """A row for each caption."""
    captions = bench.worded()
    return rows_of(captions["record_id"], captions["image_id"], captions["text"], singles(captions["record_id"]))
