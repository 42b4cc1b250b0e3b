"""Every kind of damage is found by reading through, and what is damaged is moved so that it is built again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import UserError
from tasks import manifest
from tasks.manifest import BLOCK_BYTES, read_manifest
from tasks.store import Store, fresh_folder
from tasks.upkeep import checking
from tests.tasks.upkeep.toys import Ground, Top, folder, run, write_into


def rot(artifact: Path) -> None:
    write_into(artifact / "result" / "parity.txt", "0")
    found = read_manifest(artifact)
    assert found is not None
    manifest.stamp(found)  # as if no time had changed, which only a disk can do


def lose_a_file(artifact: Path) -> None:
    (artifact / "result" / "part" / "number.txt").unlink()


def lose_the_manifest(artifact: Path) -> None:
    (artifact / "manifest.json").unlink()


def break_the_manifest(artifact: Path) -> None:
    (artifact / "manifest.json").write_text("{")


def forge_a_digest(artifact: Path) -> None:
    path = artifact / "manifest.json"
    said = json.loads(path.read_text())
    said["result"]["files"]["parity.txt"]["sha256"] = "0" * 64
    path.write_text(json.dumps(said))


def forge_a_setting(artifact: Path) -> None:
    path = artifact / "manifest.json"
    said = json.loads(path.read_text())
    said["decided_by"]["settings"]["number"] = 7
    path.write_text(json.dumps(said))


def add_a_file(artifact: Path) -> None:
    (artifact / "result" / "part" / "stranger.txt").touch()


@pytest.mark.parametrize(
    ("harm", "path", "what"),
    [
        (rot, "parity.txt", "its content has changed"),
        (lose_a_file, "part/number.txt", "it is not there"),
        (lose_the_manifest, "manifest.json", "it is not there"),
        (break_the_manifest, "manifest.json", "it cannot be read"),
        (forge_a_digest, "manifest.json", "its digest is not that of the files that it lists"),
        (forge_a_setting, "manifest.json", "what it says decided it does not give its key"),
        (add_a_file, "part/stranger.txt", "the manifest does not list it"),
    ],
)
def test_each_kind_of_damage_is_named_and_is_built_again_once_it_is_set_aside(
    harm: Callable[[Path], None], path: str, what: str, workspace: Path
) -> None:
    run(Top())
    ground = folder(workspace, "Ground")
    harm(ground)
    checked = [checking.check(each) for each in checking.folders(Store(workspace))]
    damaged = [each for each in checked if each.damage]
    assert len(checked) == 3
    assert [each.folder for each in damaged] == [ground]
    assert [(each.path, each.what) for each in damaged[0].damage] == [(path, what)]
    aside = checking.set_aside(damaged[0]).set_aside
    assert aside is not None
    assert aside.parent == workspace / "quarantine"
    assert run(Top()) == ["Ground"]
    assert not any(checking.check(each).damage for each in checking.folders(Store(workspace)))


def test_the_bad_block_of_a_large_file_is_numbered(tmp_path: Path) -> None:
    store = Store(tmp_path)
    result = fresh_folder(store.partial("0123") / "result")
    (result / "rows").write_bytes(bytes(2 * BLOCK_BYTES + 5))
    artifact = store.publish("Corpus", "0123", {"decided_by": {}})
    (artifact.result / "rows").chmod(0o644)
    with (artifact.result / "rows").open("r+b") as file:
        file.seek(BLOCK_BYTES)
        file.write(b"x")
    read: list[int] = []
    damage = {each.path: each for each in checking.check(artifact.folder, read.append).damage}
    assert damage["rows"].blocks == (1,)
    assert sum(read) == 2 * BLOCK_BYTES + 5


def test_what_is_being_built_is_not_moved(workspace: Path) -> None:
    run(Ground())
    ground = folder(workspace, "Ground")
    lose_a_file(ground)
    with Store(workspace).locked(ground.name, on_wait=lambda: None):
        assert checking.set_aside(checking.check(ground)).set_aside is None
    assert ground.is_dir()


def test_an_artifact_that_went_away_while_it_was_read_is_not_damaged(workspace: Path) -> None:
    run(Ground())
    ground = folder(workspace, "Ground")
    ground.rename(workspace / "elsewhere")
    assert checking.check(ground).damage == ()


@pytest.mark.parametrize("name", ["Middle", "current/Middle", "current/Middle/result/copy.txt"])
def test_an_artifact_is_named_by_its_label_or_by_any_path_in_it(name: str, workspace: Path) -> None:
    run(Top())
    given = name if "/" not in name else str(workspace / name)
    assert checking.folders(Store(workspace), [given, given]) == (folder(workspace, "Middle"),)


def test_a_mistyped_label_is_answered_with_the_nearest(workspace: Path) -> None:
    run(Top())
    with pytest.raises(UserError, match="Middle"):
        checking.folders(Store(workspace), ["Midle"])
