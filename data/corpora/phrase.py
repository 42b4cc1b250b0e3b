"""The phrase corpus: the verb-free region phrases of an image, joined with commas into rows of bounded length.

MSP drops whole phrases, so that what is left names things and their attributes; what counts as a verb changes the size
of the corpus a lot ("the cap is green"), so it is a setting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from data.box_phrases import phrases_of_boxes
from data.corpora.building import CorpusPlan, ImageDealer, build_parts
from data.corpora.joined import Joined
from data.corpora.rows import Bench, Row
from data.errors import UserError
from data.phrase_tags import with_verbs
from data.progress import Progress
from data.records import PRETRAINING, BoxRecord
from data.shards import Workplace
from data.sources import SourceFiles
from data.taggers import VerbRule
from data.vocabulary import Vocabulary

WITH_VERB = "phrase with a verb"
REPEATED = "phrase repeated within its image"


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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Phrase:
    """A phrase of one image; `source_ids` names every record that says the same."""

    text: str
    source_ids: tuple[str, ...]


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
    )
    with ImageDealer(joined, plan, workplace) as dealer:
        _deal(files, joined, dealer, settings, progress)
    make = partial(_rows, tags=tags, settings=settings)
    build_parts(
        make, joined, plan, dealer=dealer, vocabulary=vocabulary, into=into, progress=progress, workplace=workplace
    )


def _deal(
    files: SourceFiles, joined: Joined, dealer: ImageDealer, settings: PhraseSettings, progress: Progress
) -> None:
    """Deal out the phrases of images that have regions."""
    records = joined.records(files, settings.phrases_from, progress)
    if settings.phrases_from == "boxes":
        records = phrases_of_boxes(_with_regions(records, joined))
    for record in records:
        image_id = joined.image_of(record.image_id, source="phrases", record=record.phrase_id)
        line = None if image_id is None else joined.line_of(record.text, source="phrases", record=record.phrase_id)
        if image_id is not None and line is not None:
            dealer.deal_text(image_id, record.phrase_id, line)


def _with_regions(boxes: Iterable[BoxRecord], joined: Joined) -> Iterator[BoxRecord]:
    """The boxes of images that have regions: a box is what was read, so a box is what is rejected."""
    for record in boxes:
        if joined.image_of(record.image_id, source="boxes", record=f"{record.image_id} {record.label}") is not None:
            yield record


def _rows(bench: Bench, *, tags: Path | None, settings: PhraseSettings) -> Iterator[Row]:
    """The rows of the images of a shard: distinct phrases without a verb, as many a row as fit."""
    phrases_of = _phrases_by_image(bench)
    texts = sorted({phrase.text for phrases in phrases_of.values() for phrase in phrases})
    verdicts = [False] * len(texts) if tags is None else with_verbs(tags, texts, settings.rule)
    has_verb = dict(zip(texts, verdicts, strict=True))
    for image_id, phrases in phrases_of.items():
        for phrase in phrases:
            if has_verb[phrase.text]:
                bench.tally.filtered.add(image_id, phrase.text, WITH_VERB)
        verb_free = [phrase for phrase in phrases if not has_verb[phrase.text]]
        bench.tally.notes["phrases kept"] += len(verb_free)
        yield from _rows_of(image_id, verb_free, bench.vocabulary, settings)


def _phrases_by_image(bench: Bench) -> dict[str, list[_Phrase]]:
    """The distinct phrases of each image in the order of the file; those that repeat one, case aside, are filtered."""
    merged: defaultdict[str, dict[str, _Phrase]] = defaultdict(dict)
    for record in bench.records:
        image_id, text = record["image_id"], record["text"]
        if not bench.has_words(text, record=record["record_id"]):
            continue
        known = merged[image_id].get(text.casefold())
        if known is not None:
            bench.tally.filtered.add(image_id, text, REPEATED)
        merged[image_id][text.casefold()] = _Phrase(
            text=known.text if known else text,
            source_ids=(*(known.source_ids if known else ()), record["record_id"]),
        )
    return {image_id: list(phrases.values()) for image_id, phrases in merged.items()}


def _rows_of(
    image_id: str, phrases: Sequence[_Phrase], vocabulary: Vocabulary, settings: PhraseSettings
) -> Iterator[Row]:
    for number, chunk in enumerate(_chunks(phrases, vocabulary, settings)):
        yield Row(
            row_id=f"{image_id}#p{number}",
            image_id=image_id,
            text=settings.separator.join(phrase.text for phrase in chunk),
            source_ids=tuple(source_id for phrase in chunk for source_id in phrase.source_ids),
        )


def _chunks(phrases: Sequence[_Phrase], vocabulary: Vocabulary, settings: PhraseSettings) -> Iterator[list[_Phrase]]:
    """Consecutive phrases while they fit; one that is too long by itself is a row of its own and will be truncated."""
    room = settings.max_length - 2
    chunk: list[_Phrase] = []
    num_pieces = 0
    for phrase in phrases:
        own = _num_pieces(phrase.text, vocabulary)
        # Pieces add up because a separator of punctuation or spaces keeps the words on its two sides apart.
        joining = _num_pieces(settings.separator, vocabulary)
        if chunk and num_pieces + joining + own > room:
            yield chunk
            chunk, num_pieces = [], 0
        num_pieces += own + (joining if chunk else 0)
        chunk.append(phrase)
    if chunk:
        yield chunk


def _num_pieces(text: str, vocabulary: Vocabulary) -> int:
    return sum(len(word.piece_ids) for word in vocabulary.split(text))
