from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from data import schema
from data.errors import ContractError
from report.gather import gather
from report.inputs import ReportInputs
from report.overview import best_of_less, distinct, kinds, measures, overview, table_rows
from report.predictions import changes, predictions
from tests.report import run

MakeInputs = Callable[..., ReportInputs]


def shown(make_inputs: MakeInputs, name: str = "vqa") -> dict[str, Any]:
    """A benchmark as report.json has it."""
    return asdict(gather(make_inputs()).benchmarks[name])


def test_ranks_come_in_the_order_of_their_numbers(make_inputs: MakeInputs) -> None:
    assert list(shown(make_inputs, "retrieval")["scores"]["image_retrieval"]) == ["R@1", "R@5", "R@10"]


def test_the_main_metric_comes_first_and_kinds_by_their_number_of_rows(make_inputs: MakeInputs) -> None:
    vqa = shown(make_inputs)
    assert list(vqa["scores"]["questions"]) == ["soft score", "official accuracy"]
    assert list(vqa["by_kind"]) == ["how many", "what is"]
    assert "image withheld" not in vqa["by_kind"]["what is"]


def test_after_comes_in_the_order_of_the_stages_and_ends_with_the_model_itself(make_inputs: MakeInputs) -> None:
    found = gather(make_inputs()).benchmarks
    after = found["vqa"].after
    assert {stage: scores["questions"]["soft score"] for stage, scores in after.items()} == {
        "token": 44.25,
        "phrase": 44.25,
        "sentence": 60.25,
    }
    assert list(after) == ["token", "phrase", "sentence"]
    assert found["retrieval"].after == {}


def test_the_overview_sets_the_main_score_beside_what_sees_less_and_what_is_published(make_inputs: MakeInputs) -> None:
    cells = overview(shown(make_inputs), ("LXMERT-S", "LXMERT"))
    values = {column: cell.value for column, cell in cells.items() if cell}
    assert values == {
        "this run": 60.25,
        "text only": 44.25,
        "image withheld": 40.5,
        "majority or chance": 30.75,
        "LXMERT-S": 68.49,
        "LXMERT": 72.42,
    }
    assert cells["LXMERT-S"] is not None
    assert cells["LXMERT-S"].note == "MSP (minival)"
    assert cells["LXMERT"] is not None
    assert cells["LXMERT"].note == "(test-dev), official accuracy"  # its soft score was not published


@pytest.mark.parametrize(
    ("withheld", "majority", "text_only", "best"),
    [
        (48.09, 50.0, 50.0, "text only"),
        (48.09, 50.0, None, "majority or chance"),
        (51.0, 50.0, 49.0, "image withheld"),
        (None, None, None, ""),
    ],
)
def test_a_score_is_held_against_the_best_of_what_knows_less(
    make_inputs: MakeInputs, withheld: float | None, majority: float | None, text_only: float | None, best: str
) -> None:
    def scores(value: float | None) -> dict[str, Any]:
        return {} if value is None else {"questions": {"soft score": value}}

    baselines = {"image withheld": scores(withheld), "majority": scores(majority)}
    benchmark = {**shown(make_inputs), "baselines": baselines, "text_only": scores(text_only)}
    assert best_of_less(overview(benchmark)) == best


def test_the_overview_has_no_number_where_there_is_none(make_inputs: MakeInputs) -> None:
    cells = overview(shown(make_inputs, "retrieval"), ("LXMERT-S", "LXMERT"))
    assert [column for column, cell in cells.items() if cell is None] == ["text only", "image withheld", "LXMERT"]
    assert cells["majority or chance"] is not None
    assert cells["majority or chance"].note == "chance"


def test_the_table_of_a_benchmark_has_a_row_for_all_that_was_measured(make_inputs: MakeInputs) -> None:
    rows = [name for name, _ in table_rows(shown(make_inputs))]
    assert rows == ["this run", "text only", "image withheld", "majority"]


def test_more_than_twelve_kinds_are_folded_away() -> None:
    benchmark = {"by_kind": {f"kind {n}": {"num_rows": n, "model": 1.0} for n in range(14)}}
    (is_more, first), (is_rest, rest) = kinds(benchmark)
    assert (is_more, len(first), is_rest, list(rest)) == (False, 12, True, ["kind 12", "kind 13"])
    assert measures(benchmark) == ["model"]
    assert [is_more for is_more, _ in kinds({"by_kind": {}})] == [False]


def test_right_is_half_a_point_and_wrong_is_nothing(tmp_path: Path) -> None:
    credits = [0.0, 0.25, 0.5, 1.0]
    rows = [{**run.prediction(number, "no"), "credit": credit} for number, credit in enumerate(credits)]
    run.write_rows(tmp_path / "predictions.parquet", rows, schema.PREDICTIONS)
    found = predictions(tmp_path / "predictions.parquet")
    assert found is not None
    assert (found.num_rows, found.num_right, found.num_wrong, found.num_between) == (4, 2, 1, 1)
    assert found.is_graded
    assert {row.row_id for row in found.right} == {"vqa:02", "vqa:03"}
    assert [row.row_id for row in found.wrong] == ["vqa:00"]


@pytest.mark.parametrize(("shares", "are_independent"), [([0.75, 0.25], False), ([0.75, 0.5], True)])
def test_answers_are_judged_on_their_own_where_their_probabilities_add_up_to_more_than_one(
    tmp_path: Path, shares: list[float], are_independent: bool
) -> None:
    rows = [run.prediction(1, "yes"), {**run.prediction(2, "yes"), "probabilities": shares}]
    run.write_rows(tmp_path / "predictions.parquet", rows, schema.PREDICTIONS)
    found = predictions(tmp_path / "predictions.parquet")
    assert found is not None
    assert (found.are_independent, found.is_graded, found.num_between) == (are_independent, False, 0)


def test_corpora_with_equal_rows_and_counts_are_one_under_both_names() -> None:
    one, other = {"rows": {"train": 2}, "samples": ["a"]}, {"rows": {"train": 2}, "samples": ["b"]}
    bare: dict[str, Any] = {"rows": {}, "samples": []}
    corpora = {"one": one, "other": other, "again": dict(one), "bare": bare, "also bare": dict(bare)}
    assert [names for names, _ in distinct(corpora)] == [["one", "again"], ["other"], ["bare"], ["also bare"]]


def test_rows_whose_first_answer_changes_and_is_once_right_are_the_candidates(make_inputs: MakeInputs) -> None:
    # Row 0: no, yes, yes. Row 1: no, no, yes. Row 2 is always right; row 3 changes, but is never right.
    found = gather(make_inputs()).benchmarks["vqa"].changes
    assert found is not None
    assert (found.num_rows, found.num_changed) == (12, 2)
    answers = {next(iter(row.values())).row_id: [p.answers[0] for p in row.values()] for row in found.rows}
    assert answers == {"vqa:00": ["no", "yes", "yes"], "vqa:01": ["no", "no", "yes"]}
    assert list(found.rows[0]) == ["token", "phrase", "sentence"]


def test_rows_that_one_stage_has_not_answered_are_left_out(tmp_path: Path) -> None:
    one = run.write_evaluation(tmp_path / "one", run.VQA, {"vqa:00": "yes", "vqa:01": "yes"})
    two = run.write_evaluation(tmp_path / "two", run.VQA, {})
    fewer = [run.prediction(number, "no") for number in range(1, 12)]
    run.write_rows(two / "predictions.parquet", fewer, schema.PREDICTIONS)
    found = changes({name: path / "predictions.parquet" for name, path in (("one", one), ("two", two))})
    assert found is not None
    assert (found.num_rows, found.num_changed) == (11, 1)


def test_a_single_stage_changes_nothing(tmp_path: Path) -> None:
    one = run.write_evaluation(tmp_path / "one", run.VQA, {}) / "predictions.parquet"
    assert changes({"one": one, "two": tmp_path / "nowhere"}) is None
    assert changes({}) is None
    assert predictions(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    "fields", [{"answers": [], "probabilities": []}, {"probabilities": [0.5]}, {"credit": float("nan")}]
)
def test_answers_without_their_probabilities_are_one_clear_error(tmp_path: Path, fields: dict[str, Any]) -> None:
    rows = [{**run.prediction(1, "yes"), **fields}]
    path = tmp_path / "predictions.parquet"
    run.write_rows(path, rows, schema.PREDICTIONS)
    with pytest.raises(ContractError, match="each with a probability") as error:
        predictions(path)
    assert str(path) in error.value.where
