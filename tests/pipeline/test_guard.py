"""Every mistake in a command or a configuration file is one message with the nearest valid name, before any work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import luigi.configuration
import pytest

import pipeline  # noqa: F401  (registers the tasks)
from data.errors import UserError
from pipeline import guard


@pytest.mark.parametrize(
    ("arguments", "found", "nearest"),
    [
        (["FullCuriculum"], "FullCuriculum", "FullCurriculum"),
        (["PhraseCorpus", "--prof", "miniature"], "--prof", "--profile"),
        (["PhraseCorpus", "--max-lenght", "9"], "--max-lenght", "--max-length"),
        (["FullCurriculum", "--PhraseCorpus-max-lenght=9"], "--PhraseCorpus-max-lenght", "--PhraseCorpus-max-length"),
        (["FullCurriculum", "--profile", "minature"], "minature", "miniature"),
        (["core"], "core", ""),
        ([], "none", ""),
    ],
)
def test_a_mistyped_word_is_answered_with_the_nearest_valid_one(
    workspace: Path, arguments: list[str], found: str, nearest: str
) -> None:
    with pytest.raises(UserError) as caught:
        guard.check(["--module", "pipeline", *arguments])
    assert found in caught.value.found
    assert nearest in caught.value.found


def test_a_value_of_the_wrong_type_is_named_with_its_flag(workspace: Path) -> None:
    with pytest.raises(UserError, match="--max-length") as caught:
        guard.check(["--module", "pipeline", "PhraseCorpus", "--max-length", "long"])
    assert caught.value.found == "'long'"


@pytest.mark.parametrize(
    ("section", "option", "value", "nearest"),
    [
        ("PhraseCorpsu", "max_length", "9", "PhraseCorpus"),
        ("PhraseCorpus", "max_lenght", "9", "max_length"),
        ("sources", "coco_caption", "x.json", "coco_captions"),
        ("FullCurriculum", "profile", "papre", "paper"),
    ],
)
def test_a_mistyped_section_key_or_value_of_the_configuration_is_named(
    workspace: Path, section: str, option: str, value: str, nearest: str
) -> None:
    luigi.configuration.get_config().set(section, option, value)
    with pytest.raises(UserError, match=nearest):
        guard.check(["--module", "pipeline", "FullCurriculum"])


@pytest.mark.parametrize(
    "flags",
    [
        ("--TokenStage-seed", "-1"),
        ("--TokenStage-num-threads", "1000"),
        ("--TokenStage-num-steps", "0"),
        ("--TokenStage-num-steps", "5", "--TokenStage-num-epochs", "5"),
        ("--TokenStage-batch-size", "0"),
        ("--TokenStage-learning-rate", "0"),
        ("--TokenStage-learning-rate", "inf"),
        ("--TokenStage-checkpoint-every-s", "0"),
        ("--TokenStage-device", "tpu"),
        ("--TokenCorpus-max-length", "2"),
        ("--TokenCorpus-max-length", "1000"),
        ("--PhraseCorpus-max-rejected-rate", "1.5"),
        ("--PhraseCorpus-backend", "nonsense"),
        ("--PhraseTags-tagger", "nonsense"),
        ("--PhraseTags-tagger", "/"),
        ("--PhraseCorpus-num-workers", "0"),
        ("--ImageTable-validation-rate", "nan"),
        ("--ImageTable-validation-rate", "0.9", "--ImageTable-test-rate", "0.9"),
        ("--Vocabulary-num-entries", "0"),
        ("--HardNegatives-num-negatives", "-3"),
        ("--World-num-workers", "0"),
        ("--World-seed", "-1"),
    ],
    ids=" ".join,
)
def test_a_value_out_of_its_range_is_refused_before_any_work(workspace: Path, flags: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as caught:
        guard.check(["--module", "pipeline", "FullCurriculum", *flags])
    assert caught.value.way_out
    assert not workspace.exists()


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["PhraseCorpus", "more", "words"], "more words"),
        (["PhraseCorpus", "-x"], "-x"),
        (["PhraseCorpus", "--max-length"], "none"),
        (["PretrainStage"], "PretrainStage"),
        (["PosTagger", "--backend", "nonsense"], "'nonsense'"),
        (["PhraseCorpus", "--CorpusTask-max-length", "20"], "--CorpusTask-max-length"),
    ],
)
def test_what_luigi_would_answer_with_its_usage_or_take_in_silence_is_one_message(
    workspace: Path, arguments: list[str], found: str
) -> None:
    with pytest.raises(UserError) as caught:
        guard.check(["--module", "pipeline", *arguments])
    assert caught.value.found.startswith(found)


def test_a_configuration_file_that_is_not_there_is_not_passed_over(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUIGI_CONFIG_PATH", "nowhere.cfg")
    with pytest.raises(UserError, match=r"nowhere\.cfg"):
        guard.check(["--module", "pipeline", "PhraseCorpus"])


def test_a_workspace_that_cannot_be_made_is_refused(workspace: Path) -> None:
    workspace.write_text("a file")
    with pytest.raises(UserError, match="a folder that can be written to"):
        guard.check(["--module", "pipeline", "PhraseCorpus"])


def test_a_parameter_without_a_default_is_asked_for(workspace: Path) -> None:
    with pytest.raises(UserError, match="path"):
        guard.check(["--module", "pipeline", "SourceFile"])


def test_an_unset_variable_in_a_source_says_where_the_data_can_be_had(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NLVR1_DIR", raising=False)
    luigi.configuration.get_config().set("sources", "nlvr1", "${NLVR1_DIR}/dev.json")
    with pytest.raises(UserError, match=r"NLVR1_DIR.*https://"):
        guard.check(["--module", "pipeline", "FullCurriculum"])


def test_a_source_that_is_not_there_is_named_with_its_setting(workspace: Path, tmp_path: Path) -> None:
    luigi.configuration.get_config().set("sources", "coco_captions", str(tmp_path / "captions.json"))
    with pytest.raises(UserError, match="no such file"):
        guard.check(["--module", "pipeline", "SentenceCorpus"])


def test_sources_without_a_stages_own_are_refused_naming_the_missing_settings(workspace: Path, tmp_path: Path) -> None:
    captions = tmp_path / "captions.json"
    captions.write_text("{}")
    luigi.configuration.get_config().set("sources", "coco_captions", str(captions))
    with pytest.raises(UserError) as caught:
        guard.check(["--module", "pipeline", "FullCurriculum"])
    assert "obj36" in caught.value.way_out or "vg_region_descriptions" in caught.value.way_out


def test_a_correct_command_passes(workspace: Path) -> None:
    guard.check(["--module", "pipeline", "PhraseCorpus", "--max-length=40", "--local-scheduler", "--workers", "2"])


def test_the_real_command_exits_2_in_any_folder_without_a_traceback_and_writes_nothing(tmp_path: Path) -> None:
    luigi_command = Path(sys.executable).with_name("luigi")
    environment = {**os.environ, "LUIGI_CONFIG_PATH": ""}
    done = subprocess.run(
        [luigi_command, "--module", "pipeline", "FullCuriculum"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "did you mean FullCurriculum?" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_parameter_that_only_the_task_itself_is_given_is_no_flag_of_the_whole_run(workspace: Path) -> None:
    with pytest.raises(UserError, match="a flag in full"):
        guard.check(["--module", "pipeline", "FullCurriculum", "--FineTune-benchmark", "vqa"])
    with pytest.raises(UserError, match=r"--benchmark \(did you mean --Report-benchmarks\?\)"):
        guard.check(["--module", "pipeline", "FullCurriculum", "--benchmark", "vqa"])
    guard.check(["--module", "pipeline", "FineTune", "--benchmark", "vqa", "--after", "token"])


def test_a_benchmark_is_asked_for_by_name_and_a_mistyped_one_is_answered_with_the_nearest(workspace: Path) -> None:
    with pytest.raises(UserError, match=r"found no --benchmark"):
        guard.check(["--module", "pipeline", "Evaluate"])
    with pytest.raises(UserError, match=r"did you mean vqa\?"):
        guard.check(["--module", "pipeline", "Evaluate", "--benchmark", "vga"])
