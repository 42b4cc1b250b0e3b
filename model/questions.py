"""The rows of a benchmark in memory: questions, statements or captions, their images and what is right.

Legend: N rows, M images of a row, T all word pieces of all rows, K all right answers of all rows, A possible answers,
B rows of a batch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data import draws, tables
from data.errors import ContractError, SourceError
from model.benchmarks import Answered
from model.regions import ImageStore
from model.rows import Texts, end_to_end

ROWS_FOLDER = "rows"
ANSWERS_FILE = "answers.json"
_SAID = ("text", "published", "kind", "set_id", "place")


@dataclass(frozen=True, kw_only=True)
class Questions(Texts):
    """The rows of one split, in the file's order. `target_ends_N` is where each row's right answers end."""

    images_NM: NDArray[np.int64]  # rows of the region store
    target_ids_K: NDArray[np.int64]
    target_scores_K: NDArray[np.float32]
    target_ends_N: NDArray[np.int64]
    said: pa.Table  # what only messages and measures need: text, published, kind, set_id, place

    def column(self, name: str) -> list[Any]:
        """One of the columns of `said`, a value for each row."""
        values: list[Any] = self.said[name].to_pylist()
        return values

    def texts(self, rows_B: NDArray[np.int64]) -> list[str]:
        """What some rows ask or say."""
        texts: list[str] = self.said["text"].take(rows_B).to_pylist()
        return texts

    def targets(self, rows_B: NDArray[np.int64], num_answers: int) -> NDArray[np.float32]:
        """The scores of all possible answers, (B, A): 0 for those that are not right."""
        targets_BA = np.zeros((len(rows_B), num_answers), np.float32)
        for place, row in enumerate(rows_B.tolist()):
            chosen = self._right(row)
            targets_BA[place, self.target_ids_K[chosen]] = self.target_scores_K[chosen]
        return targets_BA

    def answered(self, answer_ids_N: NDArray[np.int64], answers: tuple[str, ...]) -> list[Answered]:
        """Every row with the answer that was given to it, as measures take them."""
        said = zip(self.row_ids, *(self.column(name) for name in ("kind", "set_id", "published")), strict=True)
        return [
            Answered(
                row_id=row_id,
                kind=kind,
                set_id=set_id,
                published=tuple(published),
                targets=self.right_answers(row, answers),
                answer=answers[given],
            )
            for row, ((row_id, kind, set_id, published), given) in enumerate(
                zip(said, answer_ids_N.tolist(), strict=True)
            )
        ]

    def right_answers(self, row: int, answers: tuple[str, ...]) -> dict[str, float]:
        """The possible answers that are right in one row, with their scores."""
        chosen = self._right(row)
        ids, scores = self.target_ids_K[chosen].tolist(), self.target_scores_K[chosen].tolist()
        return {answers[answer]: score for answer, score in zip(ids, scores, strict=True)}

    def _right(self, row: int) -> slice:
        return slice(int(self.target_ends_N[row - 1]) if row else 0, int(self.target_ends_N[row]))


def read_answers(folder: Path) -> tuple[str, ...]:
    """The possible answers, in the order of their ids. Raises SourceError on a file that holds none."""
    path = folder / ANSWERS_FILE
    try:
        answers = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
        raise _unreadable(path, "something else than a list of texts")
    return tuple(answers)


def read(
    folder: Path,
    *,
    split: str,
    store: ImageStore,
    num_images: int,
    num_answers: int,
    may_be_empty: bool = False,
    has_texts: bool = True,
) -> Questions:
    """The rows of one split. Raises SourceError on a file that is no such table, ContractError on bad rows.

    Rows of texts alone have `num_images` 0; those of images alone are not `has_texts`, and have no word piece.
    """
    path = folder / ROWS_FOLDER
    columns = ("row_id", "image_ids", "token_ids", "target_ids", "target_scores", *_SAID)
    try:
        table = tables.read(path, columns, where=pc.field("split") == split).combine_chunks()
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error
    if not (table.num_rows or may_be_empty):
        raise ContractError(
            expected=f"rows of the split {split!r}",
            found="none",
            where=str(path),
            way_out="check how images are split ([sources], [ImageTable]), or give more rows",
        )
    return _questions(
        table, store, num_images=num_images, num_answers=num_answers, min_length=2 if has_texts else 0, where=str(path)
    )


def _questions(
    table: pa.Table, store: ImageStore, *, num_images: int, num_answers: int, min_length: int, where: str
) -> Questions:
    row_ids = table["row_id"].to_pylist()
    image_ids_J, num_images_N = end_to_end(table["image_ids"])
    token_ids_T, lengths_N = end_to_end(table["token_ids"])
    target_ids_K, num_targets_N = end_to_end(table["target_ids"])
    target_scores_K, num_scores_N = end_to_end(table["target_scores"])
    images_J = np.asarray([store.row_of.get(image_id, -1) for image_id in image_ids_J.tolist()], np.int64)
    target_rows_K = np.repeat(np.arange(len(row_ids)), num_targets_N)
    image_rows_J = np.repeat(np.arange(len(row_ids)), num_images_N)
    bad_target_K = (target_ids_K < 0) | (target_ids_K >= num_answers)

    def check(bad_rows: NDArray[np.int64], expected: str) -> None:
        if len(bad_rows):
            raise ContractError(
                expected=expected,
                found=f"{len(bad_rows):,} that are not so",
                where=f"{where}, row {row_ids[int(bad_rows[0])]}",
                way_out="build the benchmark's rows again, from the images of this region store",
            )

    check(np.flatnonzero(lengths_N < min_length), "rows with at least [CLS] and [SEP]")
    check(np.flatnonzero(num_images_N != num_images), f"rows with {num_images} images")
    check(image_rows_J[images_J < 0], "rows whose images have regions")
    check(np.flatnonzero(num_scores_N != num_targets_N), "rows with a score for each right answer")
    check(target_rows_K[bad_target_K], f"rows whose right answers are among the {num_answers:,} possible ones")
    return Questions(
        row_ids=row_ids,
        keys_N=draws.row_keys(row_ids),
        token_ids_T=token_ids_T.astype(np.int64),
        ends_N=np.cumsum(lengths_N),
        images_NM=images_J.reshape(len(row_ids), num_images),
        target_ids_K=target_ids_K.astype(np.int64),
        target_scores_K=target_scores_K.astype(np.float32),
        target_ends_N=np.cumsum(num_targets_N),
        said=table.select(_SAID),
    )


def _unreadable(path: Path, found: str) -> SourceError:
    return SourceError(
        expected="the rows of a benchmark (docs/formats.md, BenchmarkCorpus)",
        found=found[:300],
        where=str(path),
        way_out="build them again",
    )
