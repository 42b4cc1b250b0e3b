"""Some predictions to look at: a few right ones, a few wrong ones, and some that change from stage to stage.

Which are shown is drawn, not picked (report/choice.py), and they are spread over the kinds of rows. Legend: N rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data.schema import PREDICTIONS
from report import artifacts
from report.choice import spread
from report.contents import Changes, Prediction, Predictions
from report.verdicts import credits_of, verdicts

NUM_SHOWN = 3
NUM_CHANGES = 4
RIGHT = 0.5
"""The credit from which an answer counts as right: in VQA v2, two of ten people gave it."""

_ROUNDING = 1e-3  # of the probabilities of a row that add up to 1


def predictions(path: Path, corpora: Sequence[Path] = ()) -> Predictions | None:
    """A few right and wrong predictions of the file; None where it is not there. `corpora`: where rows may lie."""
    if not path.is_file():
        return None
    table = _table(path)
    credits_N = table["credit"].to_pylist()
    rows_N = _by_kind(table)
    right = [row for row in rows_N if credits_N[row] >= RIGHT]
    wrong = [row for row in rows_N if credits_N[row] == 0]
    return Predictions(
        num_rows=table.num_rows,
        num_right=len(right),
        num_wrong=len(wrong),
        num_between=table.num_rows - len(right) - len(wrong),
        is_graded=any(0 < credit < 1 for credit in credits_N),
        are_independent=any(sum(shares) > 1 + _ROUNDING for shares in table["probabilities"].to_pylist()),
        right=_read(table, [right[place] for place in spread(len(right), NUM_SHOWN, of="right")], corpora),
        wrong=_read(table, [wrong[place] for place in spread(len(wrong), NUM_SHOWN, of="wrong")], corpora),
    )


def changes(paths: Mapping[str, Path], corpora: Sequence[Path] = ()) -> Changes | None:
    """Rows whose first answer changes from stage to stage; None where fewer than two stages left predictions."""
    tables = {stage: _table(path) for stage, path in paths.items() if path.is_file()}
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
    read = {s: _read(table, [places[s][row_id] for row_id in shown], corpora) for s, table in tables.items()}
    rows = [{stage: read[stage][number] for stage in tables} for number in range(len(shown))]
    return Changes(num_rows=len(shared), num_changed=len(changed), rows=rows)


def _table(path: Path) -> pa.Table:
    """The predictions in a file: at least one answer in each row, and as many probabilities."""
    table = artifacts.columns(path, PREDICTIONS)
    num_answers = pc.list_value_length(table["answers"])
    is_whole = pc.and_(pc.greater(num_answers, 0), pc.equal(num_answers, pc.list_value_length(table["probabilities"])))
    numbers = (pc.list_flatten(table["probabilities"]), table["credit"])
    if not all(pc.all(found, min_count=0).as_py() for found in (is_whole, *map(pc.is_finite, numbers))):
        artifacts.refuse("at least one answer in each row, each with a probability", "others", str(path))
    return table


def _by_kind(table: pa.Table) -> list[int]:
    """All row numbers, by kind and then by row id, so that what is spread over them is spread over the kinds."""
    keys = list(zip(table["kind"].to_pylist(), table["row_id"].to_pylist(), strict=True))
    return sorted(range(len(keys)), key=keys.__getitem__)


def _first_answers(table: pa.Table) -> list[str]:
    return [answers[0] for answers in table["answers"].to_pylist()]


def _read(table: pa.Table, rows: Sequence[int], corpora: Sequence[Path]) -> list[Prediction]:
    """These rows, their numbers to the fourth place: finer than a bar shows."""
    found = artifacts.rows(table, rows)
    known = credits_of((row["row_id"] for row in found), corpora)
    return [
        Prediction(
            **{
                **row,
                "probabilities": [round(share, 4) for share in row["probabilities"]],
                "credit": round(row["credit"], 4),
                "verdicts": verdicts(row, known),
            }
        )
        for row in found
    ]
