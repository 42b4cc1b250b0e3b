"""A benchmark is one file: what is there without it, and with one more, in a copy of this project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import commands
from tests.conftest import CHECKOUT

CODE = ("data", "model", "pipeline", "report", "tasks")

# Prints what decides each task of the whole curriculum, by label, as if every input were there.
DECISIONS = """
import json
import pipeline
from pipeline.guard import walk
from tasks.artifact import ArtifactTask
from data.digests import digest_of
ArtifactTask.content_digest = lambda self, results=(): f"{self.label}{results}"
tasks = [task for task in walk(pipeline.FullCurriculum(profile="smoke")) if isinstance(task, ArtifactTask)]
print(json.dumps({task.label: task.key() for task in tasks}))
"""

SIXTH = '''
"""How many: the questions of VQA v2 that are answered with a number."""

from model.benchmarks import Answered, AnswerRule, Benchmark
from model.specs import Form


def _numbers(answers):
    return {answer: 1.0 for answer in answers if answer.isdigit()}


def _measure(rows):
    right = sum(row.targets.get(row.answer, 0.0) for row in rows)
    return {"questions": {"accuracy": 100.0 * right / len(rows)}}


BENCHMARK = Benchmark(
    title="How many",
    about="counting",
    address="here",
    sources=(("vqa_questions", "vqa_annotations"),),
    content="questions",
    form=Form(name="answer", options={"loss": "soft_bce"}),
    measure=_measure,
    main=("questions", "accuracy"),
    protocol="any of the ten answers",
    answers=AnswerRule(targets=_numbers),
    num_epochs=1,
)
'''


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's code in another folder."""
    for name in CODE:
        shutil.copytree(CHECKOUT / name, tmp_path / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy"


def decisions(project: Path) -> dict[str, str]:
    command = [sys.executable, "-c", DECISIONS]
    changes = {"PYTHONPATH": str(project)}
    done = subprocess.run(
        command, cwd=project, env=commands.environment(changes), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    decided: dict[str, str] = json.loads(done.stdout)
    return decided


@pytest.mark.parametrize(
    "name", ["coco_zero_shot_retrieval", "gqa", "nlvr2", "retrieval", "vqa", "zero_shot_retrieval"]
)
def test_without_its_file_a_benchmark_is_gone_and_nothing_else_is_touched(
    name: str, copy: Path, whole_curriculum: dict[str, str]
) -> None:
    (copy / "model" / "benchmarks" / f"{name}.py").unlink()
    left = decisions(copy)
    gone = {label for label in whole_curriculum if label not in left}
    assert gone == {label for label in whole_curriculum if f"-{name}-" in f"{label}-"}
    assert {label for label in left if left[label] != whole_curriculum[label]} == {"Report"}


@pytest.fixture(scope="module")
def whole_curriculum() -> dict[str, str]:
    return decisions(CHECKOUT)


def test_a_sixth_benchmark_is_one_file_and_touches_no_other_task(copy: Path, whole_curriculum: dict[str, str]) -> None:
    (copy / "model" / "benchmarks" / "how_many.py").write_text(SIXTH, "utf-8")
    more = decisions(copy)
    assert {label for label in more if label not in whole_curriculum} == {
        *("BenchmarkCorpus-how_many", "FineTune-how_many", "FineTune-how_many-text"),
        *("Evaluate-how_many", "Evaluate-how_many-text"),
    }
    assert {label for label in whole_curriculum if whole_curriculum[label] != more[label]} == {"Report"}


@pytest.mark.slow
def test_a_sixth_benchmark_is_fine_tuned_and_judged_from_its_one_file(copy: Path, tmp_path: Path) -> None:
    (copy / "model" / "benchmarks" / "how_many.py").write_text(SIXTH, "utf-8")
    root = tmp_path / "workspace"
    flags = ("--benchmark", "how_many", "--profile", "smoke")
    done = commands.run("Evaluate", root, *flags, cwd=copy, changes={"PYTHONPATH": str(copy)})
    assert done.returncode == 0, done.stderr
    scores = json.loads((root / "current/Evaluate-how_many/result/scores.json").read_text("utf-8"))
    answers = json.loads((root / "current/BenchmarkCorpus-how_many/result/answers.json").read_text("utf-8"))
    assert all(answer.isdigit() for answer in answers)
    assert scores["sizes"]["possible answers"] == len(answers) > 1
