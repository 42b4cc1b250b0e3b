"""The row of a benchmark, and how its table is written: texts as word pieces, answers as entries of answers.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from data import shards, tables
from data import vocabulary as word_pieces
from data.corpora.joined import Joined
from data.progress import Progress
from data.schema import BENCHMARK_ROWS, REJECTED, SPLITS
from data.shards import Finished, PartFiles, Workplace
from data.vocabulary import Encoded, Vocabulary
from data.writers import write_json, write_parquet

FOLDER = "rows"
ANSWERS_NAME = "answers.json"
SUBMIT = "submit"
"""The split of rows whose answers nobody has published: they are answered for the benchmark's server."""
ORDER = (*SPLITS, SUBMIT)
SEPARATOR = " [SEP] "
"""What stands between the two sentences of a pair where both are one text."""

Targets = Callable[[Sequence[str]], Mapping[str, float]]
"""The score in [0, 1] of each right answer, from the published ones."""


@dataclass(kw_only=True, slots=True)
class QuestionRow:
    """One row before its text is encoded and its answers are looked up.

    `place`: how many captions were read before this one; 0 for questions. `second` is the other sentence of a pair.
    Without images a text stands alone, with an empty text an image.
    """

    row_id: str
    image_ids: tuple[str, ...]
    split: str
    text: str
    place: int
    published: tuple[str, ...] = ()
    kind: str = ""
    set_id: str = ""
    second: str = ""

    @property
    def shown(self) -> str:
        """Its text as the table has it: of a pair both sentences, with [SEP] between them."""
        return f"{self.text}{SEPARATOR}{self.second}" if self.second else self.text


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """What all shards of a benchmark's rows have in common.

    `possible` are the answers in the order of their ids; right answers that are not among them are left out.
    `max_length` counts word pieces, [CLS] and [SEP] included. `targets` is sent to workers.
    """

    vocabulary: Path
    targets: Targets | None
    possible: tuple[str, ...]
    max_length: int


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """Consecutive rows, and the file that they are to be written into."""

    path: Path
    rows: tuple[QuestionRow, ...]


def write(
    rows: Sequence[QuestionRow],
    joined: Joined,
    encoding: Encoding,
    *,
    rows_per_shard: int,
    notes: Mapping[str, float],
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write rows/part-00000.parquet on, answers.json, counts.json and rejected.parquet into the folder `into`."""
    ordered = sorted(rows, key=lambda row: (ORDER.index(row.split), row.row_id))
    shelf = PartFiles(workplace=workplace, name=FOLDER, suffix=tables.SUFFIX)
    items = {
        name: _Shard(path=shelf.path(name), rows=tuple(ordered[span.start : span.stop]))
        for name, span in shards.ranges(len(ordered), rows_per_shard).items()
    }
    work = partial(_write_part, encoding=encoding)
    finished = shards.build(FOLDER, items, work, shelf=shelf, workplace=workplace, progress=progress)
    shards.publish({FOLDER: (shelf, finished)}, into)
    write_json(into / ANSWERS_NAME, list(encoding.possible))
    write_parquet(into / "rejected.parquet", joined.log.table(), REJECTED)
    _write_counts(ordered, joined, [shard.summary for shard in finished.values()], encoding, notes, into)


def _write_part(shard: _Shard, *, encoding: Encoding) -> Finished:
    """Write the rows of a shard; tells how many can be answered, and their word pieces."""
    vocabulary = word_pieces.load(encoding.vocabulary)
    id_of = {answer: number for number, answer in enumerate(encoding.possible)}
    columns: dict[str, list[Any]] = {name: [] for name in BENCHMARK_ROWS.names}
    answerable: Counter[str] = Counter()
    num_pieces = num_truncated = 0
    for row in shard.rows:
        encoded = _encoded(row, vocabulary, encoding.max_length)
        right = {} if encoding.targets is None else encoding.targets(row.published)
        scores = dict(sorted((id_of[answer], score) for answer, score in right.items() if answer in id_of))
        shown = (row.row_id, row.image_ids, row.split, row.shown, encoded.token_ids)
        values = (*shown, row.published, list(scores), list(scores.values()), row.kind, row.set_id, row.place)
        for name, value in zip(BENCHMARK_ROWS.names, values, strict=True):
            columns[name].append(value)
        answerable[row.split] += bool(scores)
        num_pieces += len(encoded.token_ids)
        num_truncated += encoded.is_truncated
    table = pa.table(columns, schema=BENCHMARK_ROWS)
    digest = shards.write_part(shard.path, lambda path: write_parquet(path, table, BENCHMARK_ROWS))
    summary = {"answerable": answerable, "num_pieces": num_pieces, "num_truncated": num_truncated}
    return Finished(digest=digest, summary=summary)


def _encoded(row: QuestionRow, vocabulary: Vocabulary, max_length: int) -> Encoded:
    """Its word pieces; of an image alone there are none."""
    if not row.text:
        return Encoded(token_ids=[], words=[], is_truncated=False)
    if row.second:
        return vocabulary.encode_pair(row.text, row.second, max_length)
    return vocabulary.encode_words(row.text, max_length)


def _write_counts(
    rows: Sequence[QuestionRow],
    joined: Joined,
    parts: Sequence[Mapping[str, Any]],
    encoding: Encoding,
    notes: Mapping[str, float],
    into: Path,
) -> None:
    """Write counts.json; rows of which no right answer is possible are always answered wrong, so that is said."""
    num_rows = Counter(row.split for row in rows)
    shown = {split: {image_id for row in rows if row.split == split for image_id in row.image_ids} for split in ORDER}
    num_pieces = sum(part["num_pieces"] for part in parts)
    shares = {
        f"share of {split} rows with a right answer among the possible ones": round(
            sum(part["answerable"].get(split, 0) for part in parts) / max(num_rows[split], 1), 4
        )
        for split in SPLITS
    }
    answer_notes = {} if encoding.targets is None else {"possible answers": len(encoding.possible), **shares}
    counts = {
        "rows": {split: num_rows[split] for split in ORDER},
        "images": {split: len(shown[split]) for split in ORDER},
        "read": joined.num_read,
        "rejected": dict(joined.log.counts),
        "filtered": {},
        "notes": {
            "mean word pieces": round(num_pieces / max(len(rows), 1), 3),
            "truncated rows": sum(part["num_truncated"] for part in parts),
            **answer_notes,
            **notes,
        },
    }
    write_json(into / "counts.json", counts)
