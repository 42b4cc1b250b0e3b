"""What must be as it was, and luigi's arguments that build an artifact again, from manifests alone."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import luigi
import pytest

from data.errors import SourceError, UserError
from data.progress import silent
from pipeline import flags, guard
from pipeline.curriculum import FullCurriculum
from tasks import record
from tasks.artifact import ArtifactTask
from tasks.explain.ancestry import lineage
from tasks.manifest import Artifact, read_manifest
from tasks.upkeep import reproducing
from tests.tasks.upkeep.toys import Copier, Top, folder, run


def artifact(workspace: Path, label: str) -> Artifact:
    found = read_manifest(folder(workspace, label))
    assert found is not None
    return found


def forge(workspace: Path, label: str, **recorded: Any) -> dict[str, Any]:
    """Change what a manifest says."""
    path = folder(workspace, label) / "manifest.json"
    said: dict[str, Any] = json.loads(path.read_text())
    said["recorded"] |= recorded
    path.write_text(json.dumps(said))
    return said


def refused(workspace: Path, label: str, tmp_path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        reproducing.check(artifact(workspace, label), into=tmp_path / "again", progress=silent)
    return caught.value


def test_what_is_as_it_was_is_not_refused(workspace: Path, tmp_path: Path) -> None:
    run(Top())
    assert reproducing.check(artifact(workspace, "Top"), into=tmp_path / "again", progress=silent) == ()


def test_the_code_of_an_ancestor_counts_and_what_was_not_committed_is_said(workspace: Path, tmp_path: Path) -> None:
    run(Top())
    path = folder(workspace, "Ground") / "manifest.json"
    said = json.loads(path.read_text())
    said["decided_by"]["code"] |= {"data.draws": "0", "data.gone": "1"}
    path.write_text(json.dumps(said))
    forge(workspace, "Top", git_commit="c0ffee-dirty")
    error = refused(workspace, "Top", tmp_path)
    assert error.found == "other code: data.draws, data.gone"
    assert error.way_out == "git checkout c0ffee, make the changes again that were not committed then"


def test_another_version_of_a_library_or_of_python_is_named(workspace: Path, tmp_path: Path) -> None:
    run(Top())
    path = folder(workspace, "Middle") / "manifest.json"
    said = json.loads(path.read_text())
    said["decided_by"]["libraries"] |= {"numpy": "0.1"}
    said["decided_by"]["code"] |= {"python": "2.7"}
    path.write_text(json.dumps(said))
    forge(workspace, "Top", git_commit="c0ffee")
    error = refused(workspace, "Top", tmp_path)
    assert f"numpy 0.1 -> {metadata.version('numpy')}" in error.found
    assert "python 2.7 -> 3." in error.found
    assert error.way_out == "install numpy 0.1, python 2.7"


def test_an_ancestor_that_is_gone_is_named(workspace: Path, tmp_path: Path) -> None:
    run(Top())
    folder(workspace, "Middle").rename(tmp_path / "elsewhere")
    assert "Middle" in refused(workspace, "Top", tmp_path).found


def test_a_source_must_hold_what_it_held(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.pins._TRUSTED_AGE_NS", 0)
    source = tmp_path / "words.txt"
    source.write_text("words")
    run(Copier(source=str(source)))
    (pin,) = reproducing.check(artifact(workspace, "Copier"), into=tmp_path / "again", progress=silent)
    assert pin.path == str(source)
    source.write_text("other words")
    error = refused(workspace, "Copier", tmp_path)
    assert isinstance(error, SourceError)
    # the SHA-256 of "words", by sha256sum
    assert error.found == "not SHA-256 dba36bffa5cab0f922d087a3aeb179f9d4e745df40b323e1b1471402848c8a3e"
    source.unlink()
    assert refused(workspace, "Copier", tmp_path).found == "no such file or directory"


def test_the_arguments_name_all_that_was_set_and_a_path_as_it_was_then(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.pins._TRUSTED_AGE_NS", 0)
    source, other = tmp_path / "words.txt", tmp_path / "captions.json"
    source.write_text("words")
    other.write_text("{}")
    luigi.configuration.get_config().set("sources", "coco_captions", str(other))
    luigi.configuration.get_config().set("sources", "flickr30k", str(tmp_path / "gone.json"))
    run(Copier(source=str(source)))
    forge(workspace, "Copier", parameters={"profile": "miniature", "source": "a path from another folder"})
    found = artifact(workspace, "Copier")
    said = reproducing.arguments(found, lineage(found).artifacts, root=tmp_path / "again")
    assert said == (
        "Copier",
        f"--workspace-root={tmp_path}/again",
        "--profile=miniature",
        f"--source={source}",
        f"--sources-coco-captions={other}",  # was set, is there; the other is gone, and nothing here read it
    )


def test_what_is_below_is_set_by_class(workspace: Path, tmp_path: Path) -> None:
    luigi.configuration.get_config().set("Ground", "number", "4")
    run(Top())
    found = artifact(workspace, "Top")
    said = reproducing.arguments(found, lineage(found).artifacts, root=tmp_path)
    assert "--Ground-number=4" in said
    assert "--Ground-profile=miniature" in said


def test_every_task_of_the_main_job_can_be_asked_for_with_what_its_manifest_would_record(workspace: Path) -> None:
    for task in guard.walk(FullCurriculum(profile="smoke")):
        if isinstance(task, ArtifactTask):
            recorded = {"parameters": task.to_str_params(), "configuration": record.configuration(task)}
            manifest = {"family": task.task_family, "recorded": recorded}
            found = Artifact(folder=workspace, manifest=manifest)
            flags.check_arguments(list(reproducing.arguments(found, (), root=workspace)))
