"""Some predictions to look at: a few right ones, a few wrong ones, and some that change from stage to stage.

Which are shown is drawn, not picked (report/choice.py), and they are spread over the kinds of rows. Legend: N rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from data.schema import PREDICTIONS
from report import artifacts
from report.choice import spread
from report.contents import Changes, Prediction, Predictions

NUM_SHOWN = 3
NUM_CHANGES = 4
RIGHT = 0.5
"""The credit from which an answer counts as right: in VQA v2, two of ten people gave it."""


def predictions(path: Path) -> Predictions | None:
    """A few right and wrong predictions of the file; None where it is not there."""
    if not path.is_file():
        return None
    table = artifacts.columns(path, PREDICTIONS)
    credits_N = table["credit"].to_pylist()
    rows_N = _by_kind(table)
    right = [row for row in rows_N if credits_N[row] >= RIGHT]
    wrong = [row for row in rows_N if credits_N[row] == 0]
    return Predictions(
        num_rows=table.num_rows,
        num_right=len(right),
        num_wrong=len(wrong),
        right=_read(path, table, [right[place] for place in spread(len(right), NUM_SHOWN, of="right")]),
        wrong=_read(path, table, [wrong[place] for place in spread(len(wrong), NUM_SHOWN, of="wrong")]),
    )


def changes(paths: Mapping[str, Path]) -> Changes | None:
    """Rows whose first answer changes from stage to stage; None where fewer than two stages left predictions."""
    tables = {stage: artifacts.columns(path, PREDICTIONS) for stage, path in paths.items() if path.is_file()}
    if len(tables) < 2:
        return None
    places = {stage: {row_id: n for n, row_id in enumerate(t["row_id"].to_pylist())} for stage, t in tables.items()}
    last = list(tables)[-1]
    row_ids = [tables[last]["row_id"][row].as_py() for row in _by_kind(tables[last])]
    shared = [row_id for row_id in row_ids if all(row_id in found for found in places.values())]
    firsts = {stage: _first_answers(table) for stage, table in tables.items()}
    credit = {stage: table["credit"].to_pylist() for stage, table in tables.items()}

    def changes_and_is_right(row_id: str) -> bool:
        answers = {firsts[stage][places[stage][row_id]] for stage in tables}
        return len(answers) > 1 and any(credit[stage][places[stage][row_id]] >= RIGHT for stage in tables)

    changed = [row_id for row_id in shared if changes_and_is_right(row_id)]
    shown = [changed[place] for place in spread(len(changed), NUM_CHANGES, of="changes")]
    read = {s: _read(paths[s], table, [places[s][row_id] for row_id in shown]) for s, table in tables.items()}
    rows = [{stage: read[stage][number] for stage in tables} for number in range(len(shown))]
    return Changes(num_rows=len(shared), num_changed=len(changed), rows=rows)


def _by_kind(table: pa.Table) -> list[int]:
    """All row numbers, by kind and then by row id, so that what is spread over them is spread over the kinds."""
    keys = list(zip(table["kind"].to_pylist(), table["row_id"].to_pylist(), strict=True))
    return sorted(range(len(keys)), key=keys.__getitem__)


def _first_answers(table: pa.Table) -> list[str | None]:
    return [answers[0] if answers else None for answers in table["answers"].to_pylist()]


def _read(path: Path, table: pa.Table, rows: Sequence[int]) -> list[Prediction]:
    found = artifacts.rows(table, rows)
    for row in found:
        answers, numbers = row["answers"], [*row["probabilities"], row["credit"]]
        if not answers or len(numbers) != len(answers) + 1 or not all(map(math.isfinite, numbers)):
            artifacts.refuse("answers, each with a probability", answers, f"{path}, {row['row_id']}")
        row["probabilities"] = [round(share, 4) for share in row["probabilities"]]
        row["credit"] = round(row["credit"], 4)
    return [Prediction(**row) for row in found]
