"""The row of a benchmark, and how its table is written: texts as word pieces, answers as entries of answers.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.corpora.rows import Joined
from data.schema import BENCHMARK_ROWS, REJECTED, SPLITS
from data.writers import write_json, write_parquet

FILE_NAME = "rows.parquet"
ANSWERS_NAME = "answers.json"
SUBMIT = "submit"
"""The split of rows whose answers nobody has published: they are answered for the benchmark's server."""
ORDER = (*SPLITS, SUBMIT)

_BLOCK = 65_536  # rows that are Python lists at a time

Targets = Callable[[Sequence[str]], Mapping[str, float]]
"""The score in [0, 1] of each right answer, from the published ones."""


@dataclass(kw_only=True, slots=True)
class QuestionRow:
    """One row before its text is encoded and its answers are looked up."""

    row_id: str
    image_ids: tuple[str, ...]
    split: str
    text: str
    published: tuple[str, ...] = ()
    kind: str = ""
    set_id: str = ""


@dataclass(slots=True)
class _Tally:
    """What counts.json says of all rows."""

    rows: Counter[str] = field(default_factory=Counter)
    images: dict[str, set[str]] = field(default_factory=lambda: {split: set() for split in ORDER})
    answerable: Counter[str] = field(default_factory=Counter)
    num_pieces: int = 0
    num_truncated: int = 0

    def notes(self) -> dict[str, float]:
        num_rows = max(self.rows.total(), 1)
        return {"mean word pieces": round(self.num_pieces / num_rows, 3), "truncated rows": self.num_truncated}

    def shares(self) -> dict[str, float]:
        """By split; rows of which no right answer is possible are always answered wrong."""
        return {
            f"share of {split} rows with a right answer among the possible ones": round(
                self.answerable[split] / max(self.rows[split], 1), 4
            )
            for split in SPLITS
        }


def write(
    rows: Sequence[QuestionRow],
    joined: Joined,
    *,
    targets: Targets | None,
    possible: Sequence[str],
    max_length: int,
    notes: Mapping[str, float],
    into: Path,
) -> None:
    """Write rows.parquet, answers.json, counts.json and rejected.parquet into the folder `into`.

    `possible` are the answers in the order of their ids; right answers that are not among them are left out.
    """
    ordered = sorted(rows, key=lambda row: (ORDER.index(row.split), row.row_id))
    id_of = {answer: number for number, answer in enumerate(possible)}
    tally = _Tally()
    blocks = [
        _table(ordered[start : start + _BLOCK], joined, targets, id_of, max_length, tally)
        for start in range(0, len(ordered), _BLOCK)
    ]
    write_parquet(into / FILE_NAME, pa.concat_tables(blocks), BENCHMARK_ROWS)
    write_json(into / ANSWERS_NAME, list(possible))
    write_parquet(into / "rejected.parquet", joined.log.table(), REJECTED)
    answer_notes = {"possible answers": len(possible), **tally.shares()} if targets is not None else {}
    counts = {
        "rows": {split: tally.rows[split] for split in ORDER},
        "images": {split: len(tally.images[split]) for split in ORDER},
        "read": joined.num_read,
        "rejected": dict(joined.log.counts),
        "filtered": {},
        "notes": {**tally.notes(), **answer_notes, **notes},
    }
    write_json(into / "counts.json", counts)


def _table(
    rows: Sequence[QuestionRow],
    joined: Joined,
    targets: Targets | None,
    id_of: Mapping[str, int],
    max_length: int,
    tally: _Tally,
) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in BENCHMARK_ROWS.names}
    for row in rows:
        encoded = joined.vocabulary.encode_words(row.text, max_length)
        right = {} if targets is None else targets(row.published)
        scores = dict(sorted((id_of[answer], score) for answer, score in right.items() if answer in id_of))
        shown = (row.row_id, row.image_ids, row.split, row.text, encoded.token_ids)
        values = (*shown, row.published, list(scores), list(scores.values()), row.kind, row.set_id)
        for name, value in zip(BENCHMARK_ROWS.names, values, strict=True):
            columns[name].append(value)
        tally.rows[row.split] += 1
        tally.images[row.split].update(row.image_ids)
        tally.answerable[row.split] += bool(scores)
        tally.num_pieces += len(encoded.token_ids)
        tally.num_truncated += encoded.is_truncated
    return pa.table(columns, schema=BENCHMARK_ROWS)
