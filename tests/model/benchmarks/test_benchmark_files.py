"""What holds of every file of model/benchmarks."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data.sources import all_sources
from model import plugins
from model.benchmarks import Answered, Benchmark, Ranked, Scores

ROOT = Path(__file__).parents[3]
NAMES = plugins.names("benchmarks")

# A row as each server knows it: the row's id, and the id in the submission.
SUBMITTED = {
    "vqa": ("vqa:262148000", 262148000),
    "gqa": ("gqa:00101448", "00101448"),
    "nlvr2": ("nlvr2:test1-0-1-0", "test1-0-1-0"),
}


def declared(name: str) -> Benchmark:
    found: Benchmark = plugins.load("benchmarks", name).BENCHMARK
    return found


def all_right(benchmark: Benchmark) -> list[Answered]:
    """Two rows of one set, answered as published."""
    assert benchmark.answers is not None
    targets = benchmark.answers.targets
    answers = ("5.000", "1.250") if benchmark.form.name == "regress" else ("True", "False")
    return [
        Answered(row_id=f"x:{n}", kind="", set_id="s", published=(a,) * 10, targets=targets((a,) * 10), answer=a)
        for n, a in enumerate(answers)
    ]


def best_scores(benchmark: Benchmark) -> Scores:
    if benchmark.answers is not None:
        return benchmark.measure(all_right(benchmark))
    image_of_text_T = np.repeat(np.arange(12), 5)
    scores_TI = (image_of_text_T[:, None] == np.arange(12)).astype(np.float32)
    return benchmark.measure(Ranked(scores_TI=scores_TI, image_of_text_T=image_of_text_T))


def test_the_folder_has_the_benchmarks_of_the_paper_and_nlvr1() -> None:
    assert set(NAMES) >= {"vqa", "gqa", "nlvr2", "nlvr1", "retrieval", "zero_shot_retrieval"}
    assert set(NAMES) >= {"coco_retrieval", "coco_zero_shot_retrieval"}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_needs_neither_torch_nor_another_benchmark(name: str) -> None:
    code = f"import model.benchmarks.{name}, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert not {"torch", "luigi"} & set(modules)
    assert [module for module in modules if module.startswith("model.benchmarks.")] == [f"model.benchmarks.{name}"]


@pytest.mark.parametrize("name", NAMES)
def test_its_sources_exist_and_give_what_it_asks_for(name: str) -> None:
    benchmark = declared(name)
    for alternative in benchmark.sources:
        assert set(alternative) <= set(all_sources())
        assert any(benchmark.content in all_sources()[source].reads for source in alternative)
    if benchmark.answers is not None and benchmark.answers.list_source is not None:
        assert "answer_list" in all_sources()[benchmark.answers.list_source].reads


@pytest.mark.parametrize("name", NAMES)
def test_answers_that_are_all_right_score_100_by_every_metric(name: str) -> None:
    found = {(metric, score) for group in best_scores(declared(name)).values() for metric, score in group.items()}
    assert found == {(metric, 600.0 if metric == "rsum" else 100.0) for metric, _ in found}


@pytest.mark.parametrize("name", NAMES)
def test_its_main_metric_and_all_published_ones_are_measured_here(name: str) -> None:
    benchmark = declared(name)
    measured = {(group, metric) for group, metrics in best_scores(benchmark).items() for metric in metrics}
    assert benchmark.main in measured
    for scores in benchmark.published.values():
        found = {(group, metric): score for group, metrics in scores.items() for metric, score in metrics.items()}
        assert found
        assert set(found) <= measured
        assert all(0 < score < 100 for score in found.values())


@pytest.mark.parametrize("name", NAMES)
def test_what_ranks_has_chance_and_what_answers_has_a_rule(name: str) -> None:
    benchmark = declared(name)
    answers = benchmark.form.name != "match"
    assert (benchmark.answers is not None, benchmark.chance is None) == (answers, answers)


@pytest.mark.parametrize(("name", "row_id", "server_id"), [(name, *ids) for name, ids in SUBMITTED.items()])
def test_a_submission_holds_every_answer_in_the_servers_format(
    name: str, row_id: str, server_id: int | str, tmp_path: Path
) -> None:
    row = Answered(row_id=row_id, kind="", set_id="", published=(), targets={}, answer="True")
    submission = declared(name).submission
    assert submission is not None
    submission([row], tmp_path)
    (path,) = tmp_path.iterdir()
    text = path.read_text("utf-8")
    expected = {
        "vqa_results.json": [{"question_id": server_id, "answer": "True"}],
        "gqa_results.json": [{"questionId": server_id, "prediction": "True"}],
        "nlvr2_results.csv": [[server_id, "True"]],
    }
    found = json.loads(text) if path.suffix == ".json" else list(csv.reader(text.splitlines()))
    assert found == expected[path.name]


def test_every_submission_is_among_those_tested() -> None:
    assert {name for name in NAMES if declared(name).submission is not None} == set(SUBMITTED)


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_alone_is_not_asked_again_without_its_image(name: str) -> None:
    benchmark = declared(name)
    assert benchmark.reads == "pair" or not benchmark.has_text_only
    assert (benchmark.num_images == 0) == (benchmark.reads == "text")
    assert benchmark.num_epochs is None or not benchmark.is_frozen
