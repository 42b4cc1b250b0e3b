"""A label stands for its task below whichever curriculum has it."""

from __future__ import annotations

from pathlib import Path

import luigi.configuration
import pytest

from data.errors import UserError
from pipeline import asked

FLAGS = ("--profile", "smoke")


@pytest.mark.parametrize(
    ("label", "root"),
    [
        ("Evaluate-vqa", "FullCurriculum"),
        ("LeakReport-grit", "GritCurriculum"),
        ("Evaluate-vqa-after-albef", "AlbefCurriculum"),
    ],
)
def test_a_label_is_looked_for_below_every_curriculum(workspace: Path, label: str, root: str) -> None:
    with asked.about(label, FLAGS) as given:
        assert given.task.label == label  # type: ignore[attr-defined]  # an artifact's task has one
        assert given.arguments == (root, *FLAGS)


def test_one_that_is_below_none_is_answered_with_the_main_job_s_and_the_other_curricula(workspace: Path) -> None:
    with pytest.raises(UserError, match=r"did you mean Evaluate-vqa\?") as error, asked.about("Evaluate-vaq", FLAGS):
        pass
    assert "GritCurriculum or AlbefCurriculum" in error.value.expected


def test_a_curriculum_whose_sources_are_not_set_does_not_stand_in_the_way(workspace: Path, tmp_path: Path) -> None:
    captions, pictures = tmp_path / "captions_train2014.json", tmp_path / "train2014"
    captions.write_text('{"images": [], "annotations": []}')
    pictures.mkdir()
    for source, path in (("coco_captions", captions), ("coco_images", pictures)):
        luigi.configuration.get_config().set("sources", source, str(path))
    with pytest.raises(UserError, match="phrases"), asked.about("FullCurriculum", FLAGS):
        pass
    with asked.about("Report-grit", FLAGS) as given:
        assert given.arguments[0] == "GritCurriculum"


def test_what_descends_from_a_task_of_another_curriculum_is_built_by_that_one(workspace: Path) -> None:
    with asked.about("GritStage-grit-seed1", FLAGS) as given:
        main = asked.for_main_job(given.task, FLAGS)
    assert main == ("GritCurriculum", "--profile=smoke")
    with asked.about("ImageTable", FLAGS) as given:
        assert asked.for_main_job(given.task, FLAGS)[0] == "FullCurriculum"
