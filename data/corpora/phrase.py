"""The phrase corpus: the verb-free region phrases of an image, joined with commas into rows of bounded length.

MSP drops whole phrases, so that what is left names things and their attributes; what counts as a verb changes the size
of the corpus a lot ("the cap is green"), so it is a setting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data.box_phrases import phrases_of_boxes
from data.corpora.filtered import FILE_NAME as FILTERED_FILE
from data.corpora.filtered import FilterLog
from data.corpora.rows import Joined, Row, write
from data.errors import UserError
from data.progress import Progress
from data.records import PRETRAINING, BoxRecord, PhraseRecord
from data.schema import FILTERED
from data.sources import SourceFiles
from data.taggers import VerbRule
from data.taggers.verbs import have_verbs
from data.vocabulary import Vocabulary
from data.writers import write_parquet

WITH_VERB = "phrase with a verb"
REPEATED = "phrase repeated within its image"


@dataclass(frozen=True, kw_only=True)
class PhraseSettings:
    """`max_length` in word pieces, [CLS] and [SEP] included; `rule` says what counts as a verb.

    `separator` stands between the phrases of a row; `backend` is a file of data/taggers. `phrases_from` takes phrases
    as publishers wrote them, or makes them from annotated boxes (data/box_phrases.py).
    """

    max_length: int
    max_rejected_rate: float = 0.01
    separator: str = ", "
    rule: VerbRule = "verb_or_aux"
    backend: str = "spacy_tagger"
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
    tagger: str = "",
    settings: PhraseSettings,
    into: Path,
    progress: Progress,
    num_workers: int = 1,
) -> None:
    """Write the corpus into the folder `into`, with examples of what was filtered as filtered.parquet.

    `tagger` is a PosTagger's folder or the name of an installed model, and is not asked where the rule is `none`;
    `num_workers` processes tag, and change nothing.
    """
    joined = Joined.open(images=images, regions=regions, vocabulary=vocabulary, pool=PRETRAINING)
    filtered = FilterLog(WITH_VERB, REPEATED)
    records = joined.records(files, settings.phrases_from, progress)
    if settings.phrases_from == "boxes":
        records = phrases_of_boxes(_with_regions(records, joined))
    phrases_of = _phrases_by_image(records, joined, filtered)
    texts = sorted({phrase.text for phrases in phrases_of.values() for phrase in phrases})
    verdicts = have_verbs(
        texts, backend=settings.backend, model=tagger, rule=settings.rule, num_workers=num_workers, progress=progress
    )
    has_verb = dict(zip(texts, verdicts, strict=True))
    rows: list[Row] = []
    num_kept = 0
    for image_id, phrases in phrases_of.items():
        verb_free = _verb_free(image_id, phrases, has_verb, filtered)
        num_kept += len(verb_free)
        rows += _rows(image_id, verb_free, joined.vocabulary, settings)
    write_parquet(into / FILTERED_FILE, filtered.table(), FILTERED)
    write(
        rows,
        joined,
        corpus="PhraseCorpus",
        max_length=settings.max_length,
        max_rejected_rate=settings.max_rejected_rate,
        notes={"phrases kept": num_kept},
        filtered=filtered.counts,
        into=into,
    )
    progress(1.0, f"{len(rows):,} rows")


def _phrases_by_image(records: Iterable[PhraseRecord], joined: Joined, filtered: FilterLog) -> dict[str, list[_Phrase]]:
    """The distinct phrases of each image in the order of the file; those that repeat one, case aside, are filtered."""
    merged: defaultdict[str, dict[str, _Phrase]] = defaultdict(dict)
    for record in records:
        image_id, text = _accepted(record, joined)
        if image_id is None or text is None:
            continue
        known = merged[image_id].get(text.casefold())
        if known is not None:
            filtered.add(image_id, text, REPEATED)
        merged[image_id][text.casefold()] = _Phrase(
            text=known.text if known else text,
            source_ids=(*(known.source_ids if known else ()), record.phrase_id),
        )
    return {image_id: list(phrases.values()) for image_id, phrases in merged.items()}


def _verb_free(
    image_id: str, phrases: Sequence[_Phrase], has_verb: Mapping[str, bool], filtered: FilterLog
) -> list[_Phrase]:
    """The phrases of one image without a verb; the others are filtered."""
    for phrase in phrases:
        if has_verb[phrase.text]:
            filtered.add(image_id, phrase.text, WITH_VERB)
    return [phrase for phrase in phrases if not has_verb[phrase.text]]


def _with_regions(boxes: Iterable[BoxRecord], joined: Joined) -> Iterator[BoxRecord]:
    """The boxes of images that have regions: a box is what was read, so a box is what is rejected."""
    for record in boxes:
        if joined.image_of(record.image_id, source="boxes", record=f"{record.image_id} {record.label}") is not None:
            yield record


def _accepted(record: PhraseRecord, joined: Joined) -> tuple[str | None, str | None]:
    image_id = joined.image_of(record.image_id, source="phrases", record=record.phrase_id)
    if image_id is None:
        return None, None
    return image_id, joined.text_of(record.text, source="phrases", record=record.phrase_id)


def _rows(image_id: str, phrases: Sequence[_Phrase], vocabulary: Vocabulary, settings: PhraseSettings) -> Iterator[Row]:
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
