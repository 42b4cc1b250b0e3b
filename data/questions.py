"""The rows of a benchmark: its publishers' questions, statements or captions beside their images, with what is right.

Rows are small objects that share their answers and image ids, so that all of VQA v2 (1.1 million questions, ten answers
each) fits into 2 GB.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from data.answers import possible_answers
from data.corpora.joined import Joined
from data.errors import UserError
from data.progress import Progress
from data.question_rows import SUBMIT, Encoding, QuestionRow, Targets, write
from data.records import AnswersRecord, CaptionRecord, QuestionRecord
from data.schema import SPLITS
from data.shards import Workplace
from data.sources import SourceFiles, that_give

AskedContent = Literal["questions", "captions", "sentences", "classes"]
_GIVEN_BY = {
    "train": "add the publisher's training file to [sources]",
    "validation": "name images in [sources] validation_images, raise [ImageTable] validation_rate, or add the "
    "publisher's validation (dev) file",
    "test": "name images in [sources] test_images, raise [ImageTable] test_rate, or add the publisher's test file "
    "(rows without published answers are answered for its server, and not judged here)",
}
_GIVEN_BY_SENTENCES = {
    "train": "add the publisher's train.tsv to [sources]",
    "validation": "give more training rows, of which a share is for validation",
    "test": "add the publisher's dev.tsv, which is the test split here",
}


@dataclass(frozen=True, kw_only=True)
class QuestionSettings:
    """`max_length` in word pieces, [CLS] and [SEP] included; `min_count` in training rows, of a possible answer."""

    max_length: int
    rows_per_shard: int
    max_rejected_rate: float = 0.01
    min_count: int = 1


def build(
    files: SourceFiles,
    *,
    content: AskedContent,
    targets: Targets | None,
    list_source: str | None,
    images: Path,
    regions: Path,
    vocabulary: Path,
    settings: QuestionSettings,
    into: Path,
    progress: Progress,
    workplace: Workplace,
    fixed: tuple[str, ...] = (),
    pictures: Path | None = None,
) -> None:
    """Write rows/part-00000.parquet on, answers.json, counts.json and rejected.parquet into the folder `into`.

    `files` are the benchmark's own, and those of `list_source`, the source of its possible answers, where it is set.
    `targets` is None where nothing is answered. `fixed` are the possible answers where they do not come from the rows.
    With `pictures` the images of rows are those that have one there, else those that have regions. Raises UserError
    where train, validation or test is empty or no training row can be answered, SourceError where more than
    `max_rejected_rate` of the records were rejected.
    """
    joined = Joined.open(images=images, regions=regions, vocabulary=vocabulary, pictures=pictures)
    collected = _Collected(joined=joined, content=content)
    for record in joined.records(files, content, progress):
        collected.add(_asked_of(record) if isinstance(record, CaptionRecord) else record)
    joined.log.check(num_read=joined.num_read, max_rate=settings.max_rejected_rate, corpus="BenchmarkCorpus")
    if any(name in files for name in that_give("answers")):
        for record in joined.records(files, "answers", progress):
            collected.answer(record)
    listed = tuple(joined.records(files, "answer_list", progress)) if list_source in files else None
    joined.log.check(num_read=joined.num_read, max_rate=settings.max_rejected_rate, corpus="BenchmarkCorpus")
    rows = list(collected.rows.values())
    if targets is not None:
        _set_apart(rows)
    _check_splits(rows, content)
    possible = fixed
    if targets is not None and not fixed:
        possible = _possible(rows, targets, settings.min_count, listed, list_source)
    write(
        rows,
        joined,
        Encoding(vocabulary=vocabulary, targets=targets, possible=possible, max_length=settings.max_length),
        rows_per_shard=settings.rows_per_shard,
        notes={"answers without a question": collected.num_strangers},
        into=into,
        progress=progress,
        workplace=workplace,
    )
    progress(1.0, f"{len(rows):,} rows, {len(possible):,} possible answers")


def _asked_of(caption: CaptionRecord) -> QuestionRecord:
    """A caption as a question without an answer."""
    return QuestionRecord(question_id=caption.caption_id, image_ids=(caption.image_id,), text=caption.text)


@dataclass(kw_only=True, slots=True)
class _Collected:
    """The rows so far; the ids of all questions that were read, of rejected ones too; and what equal strings share."""

    joined: Joined
    content: AskedContent
    rows: dict[str, QuestionRow] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    shared: dict[str, str] = field(default_factory=dict)
    num_strangers: int = 0

    def add(self, record: QuestionRecord) -> None:
        """Make a question a row, or reject it."""
        row_id = record.question_id
        if row_id in self.seen:
            self.joined.reject(self.content, row_id, "id", "repeated id")
            return
        self.seen.add(row_id)
        image_ids = self._images_of(record)
        texts = None if image_ids is None else self._texts_of(record)
        if image_ids is None or texts is None:
            return
        if not self._is_unicode((*record.answers, record.kind, record.set_id), self.content, row_id):
            return
        self.rows[row_id] = QuestionRow(
            row_id=row_id,
            image_ids=image_ids,
            split=self.joined.images.split[image_ids[0]] if image_ids else str(record.split),
            text=texts[0],
            second=texts[1],
            place=len(self.seen) - 1 if self.content == "captions" else 0,
            published=self._share(record.answers),
            kind=self._share((record.kind,))[0],
            set_id=record.set_id,
        )

    def answer(self, record: AnswersRecord) -> None:
        """Give a row its answers. Those of a rejected question are passed over, those of an unknown one counted."""
        row = self.rows.get(record.question_id)
        if row is None:
            self.num_strangers += record.question_id not in self.seen
        elif row.published:
            self.joined.reject("answers", row.row_id, "id", "answered before")
        elif self._is_unicode((*record.answers, record.kind), "answers", row.row_id):
            row.published = self._share(record.answers)
            row.kind = self._share((record.kind or row.kind,))[0]

    def _is_unicode(self, texts: Sequence[str], source: str, record: str) -> bool:
        """Whether UTF-8 can hold them, which it cannot some that JSON can; else a rejection."""
        try:
            "".join(texts).encode()
        except UnicodeEncodeError:
            self.joined.reject(source, record, "answers", "answer or type is not Unicode")
            return False
        return True

    def _texts_of(self, record: QuestionRecord) -> tuple[str, str] | None:
        """Its text and the second one, each on one line; None, and a rejection, where one that is asked has no word."""
        first, second = (
            self.joined.text_of(text, source=self.content, record=record.question_id) if is_asked else ""
            for text, is_asked in ((record.text, self.content != "classes"), (record.second, bool(record.second)))
        )
        return None if first is None or second is None else (first, second)

    def _images_of(self, record: QuestionRecord) -> tuple[str, ...] | None:
        """The canonical ids of its images; None, and a rejection, unless all are there and of one split."""
        assert record.image_ids or record.split, f"{record.question_id} shows no image and has no split"
        found: list[str] = []
        for name in record.image_ids:
            image_id = self.joined.image_of(name, source=self.content, record=record.question_id)
            if image_id is None:
                return None
            found.append(image_id)
        if len({self.joined.images.split[image_id] for image_id in found}) > 1:
            self.joined.reject(self.content, record.question_id, "image_ids", "images of different splits")
            return None
        return tuple(found)

    def _share(self, texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.shared.setdefault(text, text) for text in texts)


def _set_apart(rows: Iterable[QuestionRow]) -> None:
    """Rows without a published answer can be neither learnt from nor judged."""
    for row in rows:
        if not row.published:
            row.split = SUBMIT


def _check_splits(rows: Iterable[QuestionRow], content: AskedContent) -> None:
    counts = Counter(row.split for row in rows)
    empty = [split for split in SPLITS if not counts[split]]
    given_by, where = _GIVEN_BY, "the images of the benchmark's questions, by their split in the image table"
    if content == "sentences":
        given_by, where = _GIVEN_BY_SENTENCES, "the benchmark's files under [sources]"
    if empty:
        raise UserError(
            expected="training, validation and test rows",
            found=f"no {' and no '.join(empty)} rows among {counts.total():,}: {dict(sorted(counts.items()))}",
            where=where,
            way_out="; ".join(given_by[split] for split in empty),
        )


def _possible(
    rows: Iterable[QuestionRow], targets: Targets, min_count: int, listed: Sequence[str] | None, list_source: str | None
) -> tuple[str, ...]:
    """The user's list, else what the training rows have. Raises UserError where it answers none of these."""
    training = [targets(row.published) for row in rows if row.split == "train"]
    if listed is None:
        possible = possible_answers(training, min_count)
        where = f"the answers that are best in at least {min_count} training rows"
        way_out = "give more training rows, or a list of possible answers"
    else:
        possible = tuple(listed)
        where = f"[sources] {list_source}"
        way_out = "give the list that belongs to these questions, or unset it to take the answers of the training rows"
    known = set(possible)
    if len(known) < 2 or not any(answer in known for row in training for answer in row):
        raise UserError(
            expected="at least two possible answers, one of them right in some training row",
            found=f"{len(known):,} possible answers for {len(training):,} training rows",
            where=where,
            way_out=way_out,
        )
    return possible
