"""Why two artifacts differ: the first cause first, only causes, and also between workspaces."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.explain.ancestry import find_artifact
from tasks.explain.differences import Compared, compare
from tasks.manifest import Artifact, read_manifest, write_manifest
from tasks.settings import current_store
from tests.tasks.explain.toys import Quarry, Village, build, set_of

pytestmark = pytest.mark.usefixtures("workspace")


def built(label: str, number: int) -> Artifact:
    set_of("Quarry", number=number)
    build(Village())
    return find_artifact(current_store(), label)


def said(found: Compared) -> list[str]:
    return [f"{difference.label}: {difference.what}" for difference in found.differences]


def test_the_first_cause_is_the_one_furthest_upstream_and_is_named_once() -> None:
    found = compare(built("Village", 1), built("Village", 2))
    assert not found.is_equal
    assert said(found) == ["Quarry: setting number: 1 -> 2"]  # Mill and Quarry both differ for that one reason


def test_results_are_equal_where_only_what_is_not_read_differs() -> None:
    found = compare(built("Mill", 1), built("Mill", 3))  # Mill reads the parity
    assert found.is_equal
    assert found.differences == ()


def test_it_works_between_workspaces_and_an_artifact_equals_itself(workspace: Path) -> None:
    one = built("Village", 1)
    other = workspace.with_name("other")
    shutil.copytree(workspace, other, symlinks=True)
    two = built("Village", 2)
    copied = find_artifact(current_store(), str(other / "current" / "Village"))
    assert said(compare(copied, two)) == ["Quarry: setting number: 1 -> 2"]
    assert compare(copied, one).is_equal


def test_an_input_that_is_gone_is_said_to_take_the_reason_with_it() -> None:
    one, two = built("Village", 1), built("Village", 2)
    gone = next(made["key"] for made in one.manifest["recorded"]["made_from"].values() if made["label"] == "Quarry")
    shutil.rmtree(current_store().folder("Quarry", gone))
    what = f"content differs; {gone[:12]} is gone, and with it the reason"
    assert said(compare(one, two)) == [f"Quarry: {what}"]


def test_a_source_that_changed_is_the_first_cause(tmp_path: Path) -> None:
    file = tmp_path / "captions.json"
    file.write_text("abc")
    set_of("Quarry", file=str(file))
    build(Quarry())
    one = find_artifact(current_store(), "Quarry")
    file.write_text("abcd")
    build(Quarry())
    two = find_artifact(current_store(), "Quarry")
    old, new = (each.manifest["decided_by"]["inputs"]["file"][:12] for each in (one, two))
    assert said(compare(one, two)) == [f"{file}: content {old} -> {new} (it was {file})"]


def test_other_bytes_of_one_key_are_told_with_what_surrounded_them(workspace: Path) -> None:
    one = built("Quarry", 1)
    other = workspace.with_name("other")
    shutil.copytree(workspace, other, symlinks=True)
    folder = other / "store" / "Quarry" / one.key
    recorded = {**one.manifest["recorded"], "processor": "abacus"}
    files = {name: {**entry, "sha256": "0" * 64} for name, entry in one.files.items()}
    from data.digests import digest_of

    digest = digest_of({name: entry["sha256"] for name, entry in files.items()})
    write_manifest(folder, {**one.manifest, "recorded": recorded, "result": {"files": files, "digest": digest}})
    two = read_manifest(folder)
    assert two is not None
    processor = one.manifest["recorded"]["processor"]
    assert said(compare(one, two)) == [f"Quarry: other bytes of the same key: processor {processor} -> abacus"]
