"""Which of a prediction's answers are right: by the scores in its benchmark's rows, else by what it says itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data.schema import BENCHMARK_ROWS
from report import artifacts

RIGHT, IN_PART, WRONG = "right", "right in part", "wrong"
ROWS = "rows"
_ANSWERS = "answers.json"
_COLUMNS = pa.schema([BENCHMARK_ROWS.field(name) for name in ("row_id", "target_ids", "target_scores")])

Credits = Mapping[str, Mapping[str, float]]
"""What each answer that earns something earns, in (0, 1], by row id and answer."""


def credits_of(row_ids: Iterable[str], folders: Iterable[Path]) -> Credits:
    """The credits of these rows, as far as one of the folders (results of BenchmarkCorpus) has them."""
    wanted = pa.array(sorted(set(row_ids)), pa.string())
    found: dict[str, dict[str, float]] = {}
    for folder in folders:
        if not (folder / ROWS).is_dir() or not (folder / _ANSWERS).is_file():
            continue
        rows = artifacts.columns(folder / ROWS, _COLUMNS)
        rows = rows.filter(pc.is_in(rows["row_id"], value_set=wanted))
        answers = _answers(folder / _ANSWERS) if rows.num_rows else []
        for row in rows.to_pylist():
            found[row["row_id"]] = _credits(row, answers, str(folder / ROWS))
    return found


def verdicts(prediction: Mapping[str, Any], known: Credits) -> list[str]:
    """For each of a prediction's answers (as in predictions.parquet) whether it is right."""
    if not prediction["text"]:  # an image with captions: all of its own are right
        return [RIGHT if answer in prediction["truth"] else WRONG for answer in prediction["answers"]]
    credit = known.get(prediction["row_id"])
    if credit:
        return [_verdict(credit.get(answer, 0.0)) for answer in prediction["answers"]]
    return [_by_order(answer, prediction["truth"]) for answer in prediction["answers"]]


def _verdict(credit: float) -> str:
    return RIGHT if credit >= 1 else IN_PART if credit > 0 else WRONG


def _by_order(answer: str, truth: Sequence[str]) -> str:
    """The best answer is right; of the others it is only known that they earn something."""
    return RIGHT if answer in truth[:1] else IN_PART if answer in truth else WRONG


def _answers(path: Path) -> list[str]:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        artifacts.refuse("JSON", error, str(path))
    return artifacts.texts({"answers": found}, "answers", str(path))


def _credits(row: Mapping[str, Any], answers: Sequence[str], where: str) -> dict[str, float]:
    ids, scores = row["target_ids"], row["target_scores"]
    if len(ids) != len(scores) or not all(0 <= number < len(answers) for number in ids):
        artifacts.refuse("targets among the possible answers, each with a score", ids, f"{where}, {row['row_id']}")
    return {answers[number]: score for number, score in zip(ids, scores, strict=True)}
