"""Systems: what each one's report rests on, told apart by names alone."""

from __future__ import annotations

from pathlib import Path

import luigi.configuration
import pytest

from data.errors import UserError
from model import plugins
from pipeline import curriculum
from pipeline.curriculum import CURRICULA, AlbefCurriculum, FullCurriculum, GritCurriculum
from pipeline.guard import walk
from tasks.artifact import ArtifactTask
from tasks.leaks import LeakReport
from tasks.report import Report
from tasks.systems import load_system, system_names


def names_of(system: str, kind: str) -> list[str]:
    """The inputs of a report that are of a kind, without its name."""
    inputs = Report(system=system, profile="smoke").inputs()
    return [name.partition(".")[2] for name in inputs if name.partition(".")[0] == kind]


def labels_below(task: luigi.Task) -> set[str]:
    return {each.label for each in walk(task) if isinstance(each, ArtifactTask)}


@pytest.mark.parametrize("name", system_names())
def test_a_system_s_file_names_stages_that_are_there_and_benchmarks_that_are_files(name: str, workspace: Path) -> None:
    system = load_system(name)
    stages = system.tasks("smoke")
    assert list(stages) == list(system.stages) == [task.stage().name for task in stages.values()]
    assert set(system.benchmarks) <= set(plugins.names("benchmarks"))


def test_every_system_is_one_command() -> None:
    assert {getattr(curriculum, name).system for name in CURRICULA} == set(system_names())


def test_msps_report_is_made_of_what_it_was_and_bears_no_other_name(workspace: Path) -> None:
    assert FullCurriculum(profile="smoke").requires() is Report(profile="smoke")
    assert Report().label == "Report"
    assert names_of("msp", "corpus") == [
        *("ImageTable", "RegionFeatures", "TokenCorpus", "PhraseCorpus", "SentenceCorpus", "HardNegatives")
    ]
    assert names_of("msp", "stage") == ["token", "phrase", "sentence"]
    assert "tagger" in Report(profile="smoke").inputs()
    assert Report(profile="smoke").inputs()["leaks"].node.label == "LeakReport"


def test_grits_report_shows_pictures_and_pairs_and_judges_its_stage_by_the_default_benchmarks(workspace: Path) -> None:
    report = GritCurriculum(profile="smoke").requires()
    assert report.label == "Report-grit"
    assert names_of("grit", "corpus") == ["ImageTable", "PictureStore", "SentenceCorpus", "HardNegatives"]
    assert names_of("grit", "stage") == ["pairs"]
    assert {name: task.label for name, task in report.evaluations().items()} == {
        "nlvr2": "Evaluate-nlvr2-after-grit",
        "nlvr2.text": "Evaluate-nlvr2-after-grit-text",
        "retrieval": "Evaluate-retrieval-after-grit",
        "vqa": "Evaluate-vqa-after-grit",
        "vqa.text": "Evaluate-vqa-after-grit-text",
        "zero_shot_retrieval": "Evaluate-zero_shot_retrieval-after-grit",
    }
    assert "GQA (gqa) is left out: [Report] benchmarks does not name it." in report.notices()


def test_nothing_of_msps_alone_is_below_grits_report(workspace: Path) -> None:
    labels = labels_below(GritCurriculum(profile="smoke"))
    assert {"GritStage-grit-seed1", "PictureStore", "SentenceCorpus", "LeakReport-grit"} <= labels
    assert labels.isdisjoint({"TokenCorpus", "PhraseCorpus", "PhraseTags", "PosTagger", "LeakReport", "SentenceStage"})


def test_negatives_are_no_part_of_a_report_whose_trainings_draw_none(workspace: Path) -> None:
    answers = Report(system="grit", benchmarks=("vqa",), profile="smoke")
    assert "corpus.HardNegatives" not in answers.inputs()
    assert "HardNegatives" not in labels_below(answers)


def test_the_control_differs_from_grit_in_what_is_trained_alone(workspace: Path) -> None:
    theirs, ours = labels_below(AlbefCurriculum(profile="smoke")), labels_below(GritCurriculum(profile="smoke"))
    assert {label.replace("albef", "grit") for label in theirs} == ours
    assert {label for label in theirs & ours if label.startswith(("Evaluate", "FineTune", "GritStage"))} == set()


def test_the_same_leaks_are_looked_for_once(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ArtifactTask, "content_digest", lambda self, results=(): f"{self.label}{results}")
    keys = [LeakReport(system=name, profile="smoke").key() for name in ("grit", "albef", "msp")]
    assert keys[0] == keys[1] != keys[2]


def test_without_pictures_grit_is_refused_before_any_work(workspace: Path) -> None:
    luigi.configuration.get_config().set("sources", "coco_captions", "/data/captions.json")
    with pytest.raises(UserError, match="pictures"):
        list(walk(GritCurriculum(profile="smoke")))
