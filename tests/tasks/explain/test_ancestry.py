"""Lineage: everything that an artifact came from, from manifests alone."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from data.errors import UserError
from tasks.code import code_digests
from tasks.explain.ancestry import find_artifact, lineage
from tasks.settings import current_store
from tests.tasks.explain.toys import Quarry, Village, build, set_of

pytestmark = pytest.mark.usefixtures("workspace")


def test_it_lists_every_artifact_with_settings_code_and_seeds_and_every_source_with_its_sha256(tmp_path: Path) -> None:
    file = tmp_path / "captions.json"
    file.write_text("abc")
    set_of("Quarry", file=str(file), number=3)
    build(Village())
    found = lineage(find_artifact(current_store(), "Village"))
    assert [ancestor.label for ancestor in found.artifacts] == ["Village", "Mill", "Quarry"]
    quarry = found.artifacts[-1]
    assert quarry.settings == {"number": 3, "seed": 7}
    assert quarry.seeds == {"seed": 7}
    assert quarry.parameters["number"] == "3"
    assert quarry.code == code_digests(["data.draws"])
    assert set(quarry.libraries) == {"numpy"}
    (source,) = found.sources
    assert source.path == str(file)
    assert source.sha256 == hashlib.sha256(b"abc").hexdigest()
    village = found.artifacts[0]
    assert [(made.name, made.label, made.results) for made in village.inputs] == [
        ("mill", "Mill", ()),
        ("quarry", "Quarry", ("number.txt",)),
    ]


def test_what_is_gone_is_named_with_its_key_and_nothing_is_said_of_it(workspace: Path) -> None:
    build(Village())
    key = next((workspace / "store" / "Quarry").iterdir()).name
    shutil.rmtree(workspace / "store" / "Quarry")
    found = lineage(find_artifact(current_store(), "Village"))
    quarry = next(ancestor for ancestor in found.artifacts if ancestor.label == "Quarry")
    assert (quarry.key, quarry.folder, quarry.digest, dict(quarry.settings)) == (key, None, None, {})


def test_any_path_in_an_artifact_finds_it_also_through_current_and_in_a_moved_workspace(workspace: Path) -> None:
    build(Village())
    store = current_store()
    key = find_artifact(store, "Village").key
    moved = workspace.with_name("moved")
    workspace.rename(moved)
    for path in ("current/Village", "current/Village/result/village.txt", f"store/Village/{key}/record"):
        found = find_artifact(store, str(moved / path))
        assert found.key == key
        assert len(lineage(found).artifacts) == 3


def test_what_was_set_aside_still_knows_its_lineage(workspace: Path) -> None:
    build(Village())
    store = current_store()
    aside = store.set_aside(find_artifact(store, "Village").folder)
    assert len(lineage(find_artifact(store, str(aside))).artifacts) == 3


def test_a_mistyped_label_and_a_path_outside_of_artifacts_are_answered(workspace: Path, tmp_path: Path) -> None:
    build(Quarry())
    with pytest.raises(UserError, match="Quarry") as caught:
        find_artifact(current_store(), "Quary")
    assert caught.value.found == "Quary (did you mean Quarry?)"
    with pytest.raises(UserError, match="no manifest"):
        find_artifact(current_store(), str(tmp_path))
