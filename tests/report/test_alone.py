"""Benchmarks of texts alone and of images alone on the page: no picture where there is none, and no empty text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data import schema
from report.inputs import BenchmarkFolders
from tests.parts import only_part
from tests.report import run
from tests.report.conftest import MakeInputs, Page, report_of

SCORES = {"pairs": {"accuracy": 50.0}}


def evaluation(folder: Path, **changes: Any) -> BenchmarkFolders:
    """An evaluation of one row, which is wrong."""
    scores = {
        **run.VQA,
        "title": "Alone",
        "main": ["pairs", "accuracy"],
        "scores": SCORES,
        "baselines": {"majority": {"pairs": {"accuracy": 33.0}}, "bag of words": {"pairs": {"accuracy": 34.5}}},
        "by_kind": {"quality": {"num_rows": 1, "model": 50.0, "majority": 33.0, "bag of words": 34.5}},
        "published": {},
    }
    run.write_evaluation(folder, scores, {})
    row = {**run.prediction(1, "neutral"), "truth": ["entailment"], **changes}
    run.write_rows(folder / "predictions.parquet", [row], schema.PREDICTIONS)
    return BenchmarkFolders(pair=folder)


def questions(folder: Path) -> Path:
    """Rows of which the one to train on is a text alone."""
    run.write_questions(folder)
    row = {
        **{"row_id": "mnli:1", "image_ids": [], "split": "train", "text": "a dog. [SEP] a cat.", "token_ids": [2, 3]},
        **{"published": ["neutral"], "target_ids": [0], "target_scores": [1.0], "kind": "", "set_id": "", "place": 0},
    }
    run.write_rows(only_part(folder, "rows"), [row], schema.BENCHMARK_ROWS)
    return folder


def page_with(make_inputs: MakeInputs, tmp_path: Path, **changes: Any) -> Page:
    """A page of that benchmark and its rows, and nothing else."""
    inputs = make_inputs(
        benchmarks={"mnli": evaluation(tmp_path / "evaluated", **changes)},
        corpora={"rows of MNLI": questions(tmp_path / "rows_of_texts")},
    )
    return report_of(inputs, tmp_path / "out")


def test_a_text_alone_has_no_picture_and_no_place_for_one(make_inputs: MakeInputs, tmp_path: Path) -> None:
    page = page_with(make_inputs, tmp_path, image_ids=[], text="a dog. [SEP] a cat.")
    classes = [fields.get("class") or "" for _, fields in page.tags]
    assert not [name for name in classes if name.split()[:1] in (["picture"], ["images"])]
    assert page.text.count("a dog. [SEP] a cat.") == 2  # as a row to train on, and as a prediction
    assert "34.5" in page.text
    assert "bag of words" in page.text


def test_an_image_alone_has_its_picture_its_class_and_no_text(make_inputs: MakeInputs, tmp_path: Path) -> None:
    page = page_with(make_inputs, tmp_path, text="")
    classes = [fields.get("class") or "" for _, fields in page.tags]
    assert classes.count("picture") == 1
    assert classes.count("question") == 0
    assert "entailment" in page.text
