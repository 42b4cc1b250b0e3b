"""What holds of every task that a user can run, on the world in the smoke profile."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from luigi.task_register import Register

import pipeline  # noqa: F401  (registers the tasks)
from pipeline.known import our_tasks, runnable_tasks
from tasks.artifact import ArtifactTask
from tasks.code import PACKAGES, code_digests, module_file
from tasks.command_line import KeepsCommandLine
from tasks.fine_tuning import FineTune
from tasks.profiles import load_profile, profile_names

CHECKOUT = Path(__file__).parents[2]
NAMES = [name for name in runnable_tasks() if issubclass(our_tasks()[name], ArtifactTask)]

# Imports the modules named on the command line and prints which of this project's were imported for them.
IMPORT = """
import importlib, json, sys
packages = set(json.loads(sys.argv[1]))
for name in sys.argv[2:]:
    importlib.import_module(name)
print(json.dumps([name for name in sys.modules if name.split(".")[0] in packages]))
"""


@pytest.fixture
def _complete_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every input is there, with label and seed as its digest: so every task has a decision without building."""

    def digest(self: ArtifactTask, results: tuple[str, ...] = ()) -> str:
        return f"{self.label}{getattr(self, 'seed', '')}{results}"

    monkeypatch.setattr(ArtifactTask, "content_digest", digest)


def needed_by(cls: Any) -> dict[str, Any]:
    """Values for the parameters without a default."""
    values = {"benchmark": "vqa", "chain": "T.S"}
    return {name: value for name, value in values.items() if name in dict(cls.get_params())}


def task_of(name: str, **changes: Any) -> ArtifactTask:
    cls = our_tasks()[name]
    task: ArtifactTask = cls(**{"profile": "smoke", **needed_by(cls), **changes})
    return task


def decision(name: str) -> dict[str, Any]:
    """What decides the key of a fresh instance."""
    Register.clear_instance_cache()
    decided = task_of(name).decision()
    assert decided is not None
    return decided


def test_all_tasks_of_the_curriculum_are_among_them() -> None:
    assert {"World", "ImageTable", "PhraseCorpus", "TokenStage", "FineTune", "Evaluate", "Report"} <= set(NAMES)
    bases = {"ArtifactTask", "SourceTask", "CorpusTask", "PretrainStage", "BenchmarkTask", "JudgedTask"}
    assert not bases & set(runnable_tasks())


@pytest.mark.parametrize("name", runnable_tasks())
def test_it_takes_the_command_line_along_into_a_worker(name: str) -> None:
    assert issubclass(our_tasks()[name], KeepsCommandLine)


@pytest.mark.parametrize("name", NAMES)
def test_its_entry_modules_and_plug_ins_are_files(name: str, workspace: Path) -> None:
    task = task_of(name)
    assert task.entry
    for module in (*task.entry, *task.plug_ins()):
        assert module_file(module) is not None, module


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_is_imported_for_its_build_is_in_its_code(name: str, workspace: Path) -> None:
    task = task_of(name)
    modules = (*task.entry, *task.plug_ins())
    command = [sys.executable, "-c", IMPORT, json.dumps(PACKAGES), *modules]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) <= set(code_digests(modules))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("_complete_inputs")
def test_two_instances_with_the_same_parameters_have_the_same_decision(name: str, workspace: Path) -> None:
    assert decision(name) == decision(name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("_complete_inputs")
def test_its_decision_is_json_without_a_path_or_the_host(name: str, workspace: Path) -> None:
    decided = json.dumps(decision(name), allow_nan=False)
    for local in (str(workspace), str(CHECKOUT), str(Path.home()), str(Path.cwd()), sys.prefix, platform.node()):
        if len(local) > 2:  # "/" and "vm" are parts of many words
            assert local not in decided
    assert "num_workers" not in decided


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("_complete_inputs")
def test_every_significant_parameter_but_the_profile_can_change_its_decision(name: str, workspace: Path) -> None:
    cls = our_tasks()[name]
    before = decision(name)
    for parameter, changes in OTHER_VALUES.items():
        if parameter in dict(cls.get_params()):
            Register.clear_instance_cache()
            own = OWN_VALUES.get((name, parameter), changes)
            other = task_of(name, **{parameter: own}).decision()
            assert (other != before) == dict(cls.get_params())[parameter].significant, parameter


OTHER_VALUES: dict[str, Any] = {
    "benchmark": "gqa",
    "system": "albef",
    "after": "phrase",
    "chain": "P.S",
    "readings": "albef",
    "ablation": "grit",
    "rows": ("S",),
    "num_seeds": 4,
    "sees": "text",
    "benchmarks": ("vqa",),
    "text_only": "no",
    "every_stage": "no",
    "seed": 2,
    "max_length": 9,
    "reading": "packed",
    "texts_from": "captions",
    "images_from": "regions",
    "text_column": "body",
    "mib_per_shard": 3,
    "max_rejected_rate": 0.5,
    "images_per_shard": 3,
    "keep": "files",
    "max_side_px": 32,
    "rows_per_shard": 3,
    "validation_rate": 0.25,
    "test_rate": 0.25,
    "num_entries": 77,
    "num_negatives": 3,
    "held_out_by": "publishers",
    "pool": "vilbert",
    "search_on": "gpu",
    "verbs": "none",
    "phrases_from": "boxes",
    "backend": "nltk_tagger",
    "mode": "fast",
    "precision": "bfloat16",
    "num_devices": 2,
    "micro_batch_size": 2,
    "num_steps": 7,
    "num_epochs": 7,
    "batch_size": 3,
    "learning_rate": 0.5,
    "optimizer": "bertadam",
    "warmup_rate": 0.25,
    "lr_schedule": "constant",
    "weight_decay": 0.125,
    "clip_norm": 2.5,
    "device": "cuda",
    "picture_side_px": 32,
    "pictures_per_batch": 3,
    "num_threads": 3,
    "num_workers": 5,
    "checkpoint_every_s": 1.5,
}
"""Another value than the smoke profile's for every parameter but `profile` and those below."""
OWN_VALUES = {("PhraseTags", "mode"): "lexicon_first", ("MomoStage", "readings"): "momo+mixing=alternate"}
"""Where one name means different things."""
NAME_SOMETHING = {"tagger", "backbone", "weights"}  # of the user's; each has tests of its own


def test_no_flag_is_the_beginning_of_one_of_luigis() -> None:
    """Luigi reads its own flags first and takes the beginning of one for it: --schedule for --scheduler-url."""
    theirs = {
        name.replace("_", "-") if whole else f"{task}-{name}".replace("_", "-")
        for task, whole, name, _ in Register.get_all_params()
        if task not in our_tasks()
    }
    ours = {name.replace("_", "-") for task in runnable_tasks() for name, _ in our_tasks()[task].get_params()}
    assert not {flag for flag in ours for other in theirs if other != flag and other.startswith(flag)}


def test_no_parameter_is_left_out_of_these_tests() -> None:
    parameters = {parameter for name in NAMES for parameter, _ in our_tasks()[name].get_params()}
    assert parameters - {"profile", *NAME_SOMETHING} == set(OTHER_VALUES)


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads(name: str) -> None:
    profile = load_profile(name)
    assert profile.vocabulary_entries > 0
    assert 0 <= profile.validation_rate + profile.test_rate <= 1


def test_a_given_tagger_is_a_source_if_it_is_a_folder_and_a_version_if_it_is_a_package(
    workspace: Path, tmp_path: Path
) -> None:
    cls = our_tasks()["PhraseTags"]
    (tmp_path / "perceptron.json").write_text("{}")
    trained, folder, package = (cls(profile="smoke", tagger=given) for given in ("", str(tmp_path), "spacy"))
    assert trained.inputs()["tagger"].node.task_family == "PosTagger"
    assert folder.inputs()["tagger"].node.content_path() == tmp_path
    assert "tagger" not in package.inputs()
    assert package.settings()["tagger"]["package"] == "spacy"
    assert trained.settings() == folder.settings()


@pytest.mark.usefixtures("_complete_inputs")
def test_the_report_is_another_where_a_task_needs_something_else(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = decision("Report")
    assert before["settings"]["dag"]["Evaluate-vqa"] == [
        *("BenchmarkCorpus-vqa", "FineTune-vqa", "RegionFeatures", "Vocabulary")
    ]
    inputs = FineTune.inputs
    fewer = {"hard_negatives"}
    monkeypatch.setattr(FineTune, "inputs", lambda self: {n: i for n, i in inputs(self).items() if n not in fewer})
    after = decision("Report")
    assert "HardNegatives" not in after["settings"]["dag"]["FineTune-vqa"]
    assert after["inputs"] == before["inputs"]
