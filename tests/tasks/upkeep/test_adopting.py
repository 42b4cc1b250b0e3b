"""A task is made current without running where only code or libraries differ, and refused where anything else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import luigi
import pytest

from data.errors import UserError
from tasks.manifest import read_manifest
from tasks.upkeep.adopting import adopt, in_order
from tests.tasks.upkeep.toys import Copier, Ground, Middle, Top, folder, forget, run, write_into

OTHER_CODE = ("data.draws", "data.errors")


def manifest(workspace: Path, label: str) -> Any:
    return json.loads((folder(workspace, label) / "manifest.json").read_text())


def change_code(monkeypatch: pytest.MonkeyPatch, *tasks: type[Ground | Middle | Top]) -> None:
    for task in tasks:
        monkeypatch.setattr(task, "entry", OTHER_CODE)
    forget()


def test_a_task_whose_code_changed_is_current_again_and_says_what_it_was_adopted_from(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Top())
    old = folder(workspace, "Ground")
    change_code(monkeypatch, Ground)
    adopted = adopt(Ground())
    assert adopted is not None
    assert [str(change) for change in adopted.changes] == ["code data.errors is new"]
    assert adopted.waits_for == ()
    new = folder(workspace, "Ground")
    assert (old.name, new.name) == (adopted.old_key, adopted.key)
    said = manifest(workspace, "Ground")
    assert said["recorded"]["adopted_from"] == old.name
    assert "data.errors" in said["decided_by"]["code"]
    assert run(Top()) == []


def test_files_are_shared_and_neither_artifact_is_read_again(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Ground())
    old = folder(workspace, "Ground")
    for entry in (OTHER_CODE, ("data.errors",)):
        monkeypatch.setattr(Ground, "entry", entry)
        forget()
        assert adopt(Ground()) is not None
    folders = list((workspace / "store" / "Ground").iterdir())
    assert len(folders) == 3
    assert len({(each / "result" / "part" / "number.txt").stat().st_ino for each in folders}) == 1
    for each in folders:
        artifact = read_manifest(each)
        assert artifact is not None
        assert artifact.is_stamped()
        assert (each / "record" / "log.txt").read_text() == "it went well"
    assert manifest(workspace, "Ground")["recorded"]["adopted_from"] != old.name


def test_a_task_whose_inputs_are_not_there_yet_is_current_once_they_are_built_to_the_same_bytes(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Top())
    change_code(monkeypatch, Ground, Middle)
    adopted = adopt(Middle())
    assert adopted is not None
    assert adopted.waits_for == ("ground",)
    assert run(Top()) == ["Ground"]


def test_a_task_is_built_after_all_if_an_input_comes_to_other_bytes(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Top())
    change_code(monkeypatch, Ground, Middle)
    adopt(Middle())
    luigi.configuration.get_config().set("Ground", "number", "2")
    assert run(Top()) == ["Ground", "Middle", "Top"]


def test_everything_below_is_adopted_first_if_that_is_asked(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Top())
    change_code(monkeypatch, Ground, Top)
    adopted = [adopt(task) for task in in_order(Top())]
    assert [each.label for each in adopted if each is not None] == ["Ground", "Top"]
    assert run(Top()) == []


def test_a_current_task_has_nothing_to_adopt(workspace: Path) -> None:
    run(Top())
    forget()
    assert adopt(Top()) is None


def test_a_task_of_which_only_inputs_are_missing_has_nothing_to_adopt(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Top())
    change_code(monkeypatch, Ground)
    assert adopt(Top()) is None


def test_another_setting_is_refused_with_both_values(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Ground())
    change_code(monkeypatch, Ground)
    luigi.configuration.get_config().set("Ground", "number", "3")
    with pytest.raises(UserError) as caught:
        adopt(Ground())
    assert "setting number: 1 -> 3" in caught.value.found
    assert "data.errors" not in caught.value.found
    assert len(list((workspace / "store" / "Ground").iterdir())) == 1


def test_other_content_of_an_input_is_refused(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Top())
    luigi.configuration.get_config().set("Ground", "number", "2")
    run(Ground())
    change_code(monkeypatch, Middle)
    with pytest.raises(UserError) as caught:
        adopt(Middle())
    assert "input ground" in caught.value.found


def test_an_input_under_another_name_is_refused_though_it_is_not_there(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Top())
    change_code(monkeypatch, Ground)
    given = Middle().inputs()["ground"]
    monkeypatch.setattr(Middle, "inputs", lambda self: {"floor": given})
    with pytest.raises(UserError) as caught:
        adopt(Middle())
    assert "input floor: none -> not there" in caught.value.found
    assert "input ground" in caught.value.found


def test_a_source_that_was_never_read_counts_as_what_it_was(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.pins._TRUSTED_AGE_NS", 0)
    (tmp_path / "one").mkdir()
    source = tmp_path / "one" / "words.txt"
    source.write_text("words")
    run(Copier(source=str(source)))
    moved = source.parent.rename(tmp_path / "other") / source.name
    monkeypatch.setattr(Copier, "entry", OTHER_CODE)
    forget()
    adopted = adopt(Copier(source=str(moved)))
    assert adopted is not None
    assert adopted.waits_for == ("source",)
    assert run(Copier(source=str(moved))) == []


def test_what_is_damaged_or_was_never_built_cannot_be_adopted(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="none in current/"):
        adopt(Ground())
    run(Ground())
    write_into(folder(workspace, "Ground") / "result" / "parity.txt", "0")
    change_code(monkeypatch, Ground)
    with pytest.raises(UserError, match=r"parity\.txt: its content has changed"):
        adopt(Ground())
