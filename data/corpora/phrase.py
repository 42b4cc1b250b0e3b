"""The phrase corpus: the verb-free region phrases of an image, joined with commas into rows of bounded length.

MSP drops whole phrases, so that what is left names things and their attributes; what counts as a verb changes the size
of the corpus a lot ("the cap is green"), so it is a setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from data import texts
from data.box_phrases import phrases_of_boxes
from data.corpora import phrase_chunks, phrase_counts
from data.corpora.building import CorpusPlan, ImageDealer, build_parts
from data.corpora.joined import Joined
from data.corpora.phrase_chunks import DEALT, Room
from data.corpora.rows import Bench
from data.encoding import words_of
from data.errors import UserError
from data.phrase_tags import verbs_in
from data.progress import Progress
from data.records import PRETRAINING, BoxRecord
from data.shards import Workplace
from data.sources import SourceFiles
from data.taggers import VerbRule
from data.taggers.verbs import verb_mask
from data.text_tables import regrouped
from data.vocabulary import Vocabulary

WITH_VERB = "phrase with a verb"
REPEATED = "phrase repeated within its image"
_LOOKED_UP_AT_ONCE = 1_000_000  # phrases; each time, all parts of the tags are read


@dataclass(frozen=True, kw_only=True)
class PhraseSettings:
    """`max_length` in word pieces, [CLS] and [SEP] included; `rule` says what counts as a verb.

    `separator` stands between the phrases of a row. `phrases_from` takes phrases as publishers wrote them, or makes
    them from annotated boxes (data/box_phrases.py).
    """

    max_length: int
    images_per_shard: int
    max_rejected_rate: float = 0.01
    separator: str = ", "
    rule: VerbRule = "verb_or_aux"
    phrases_from: Literal["phrases", "boxes"] = "phrases"

    def __post_init__(self) -> None:
        ends = self.separator[:1] + self.separator[-1:]
        if not ends or any(character.isalnum() for character in ends):
            raise UserError(
                expected="a separator that begins and ends with punctuation or a space, to keep phrases apart",
                found=repr(self.separator),
                where="[PhraseCorpus] separator",
                way_out='leave it at ", "',
            )


def build(
    files: SourceFiles,
    *,
    images: Path,
    regions: Path,
    vocabulary: Path,
    tags: Path | None,
    settings: PhraseSettings,
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write the corpus into the folder `into`, with examples of what was filtered as filtered.parquet.

    `tags` is the folder that data/phrase_tags.py filled from the same files, None where the rule is `none`.
    """
    assert (tags is None) == (settings.rule == "none"), "a rule needs the parts of speech of the phrases"
    joined = Joined.open(images=images, regions=regions, vocabulary=vocabulary, pool=PRETRAINING)
    plan = CorpusPlan(
        corpus="PhraseCorpus",
        source="phrases",
        max_length=settings.max_length,
        max_rejected_rate=settings.max_rejected_rate,
        images_per_shard=settings.images_per_shard,
        reasons=(WITH_VERB, REPEATED),
        schema=DEALT,
    )
    with ImageDealer(joined, plan, workplace) as dealer:
        for phrases in regrouped(_phrases(files, joined, settings, progress), _LOOKED_UP_AT_ONCE):
            verbs = np.zeros(len(phrases), np.uint8) if tags is None else verbs_in(tags, phrases["text"])
            dealer.deal_texts(phrases.append_column(DEALT.field("verbs"), pa.array(verbs)))
    make = partial(_rows, settings=settings)
    build_parts(
        make, joined, plan, dealer=dealer, vocabulary=vocabulary, into=into, progress=progress, workplace=workplace
    )


def _phrases(
    files: SourceFiles, joined: Joined, settings: PhraseSettings, progress: Progress
) -> Iterator[pa.RecordBatch]:
    """The phrases of images that have regions, as `TEXTS`."""
    if settings.phrases_from == "phrases":
        for found in joined.texts(files, "phrases", progress):
            yield from found.to_batches()
        return
    boxes = _with_regions(joined.records(files, "boxes", progress), joined)
    for batch in texts.of_records(phrases_of_boxes(boxes), "phrases", joined.log.add):
        yield from joined.placed(pa.Table.from_batches([batch]), "phrases").to_batches()


def _with_regions(boxes: Iterable[BoxRecord], joined: Joined) -> Iterator[BoxRecord]:
    """The boxes of images that have regions: a box is what was read, so a box is what is rejected."""
    for record in boxes:
        if joined.image_of(record.image_id, source="boxes", record=f"{record.image_id} {record.label}") is not None:
            yield record


def _rows(bench: Bench, *, settings: PhraseSettings) -> pa.Table:
    """The rows of the images of a shard: distinct phrases without a verb, as many a row as fit."""
    phrases = phrase_chunks.distinct(bench.worded())
    repeated = phrases.repeated
    bench.tally.filtered.add_all(repeated["image_id"], repeated["text"], REPEATED)
    sizes = words_of(phrases.table["text"].combine_chunks(), bench.vocabulary).num_pieces
    room = Room(num_pieces=settings.max_length - 2, joining=_num_pieces(settings.separator, bench.vocabulary))
    if settings.rule != "none":
        bench.tally.notes.update(phrase_counts.by_rule(phrases.table, sizes, room))
    has_verb = verb_mask(phrases.table["verbs"].to_numpy(), settings.rule)
    with_verb = phrases.table.filter(pa.array(has_verb))
    bench.tally.filtered.add_all(with_verb["image_id"], with_verb["text"], WITH_VERB)
    bench.tally.notes["phrases kept"] += int((~has_verb).sum())
    return phrase_chunks.joined(phrases.where(~has_verb), sizes[~has_verb], room, settings.separator)


def _num_pieces(text: str, vocabulary: Vocabulary) -> int:
    return sum(len(word.piece_ids) for word in vocabulary.split(text))
