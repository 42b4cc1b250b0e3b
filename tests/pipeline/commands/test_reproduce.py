"""`multigrain reproduce` builds an artifact again from its manifest alone, or says what is not as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pipeline.commands.asking import Small, small


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return small(tmp_path_factory.mktemp("small"))


def test_an_artifact_is_built_again_from_its_manifest_to_the_same_bytes(built: Small, tmp_path: Path) -> None:
    asked = built.ask("reproduce", "ImageTable", "--into", str(tmp_path / "again"), "--json")
    assert asked.returncode == 0, asked.stderr
    digest = built.manifest()["result"]["digest"]
    assert json.loads(asked.stdout) == {"code": 0, "old_digest": digest, "new_digest": digest, "changed": []}
    again = json.loads((tmp_path / "again" / "current" / "ImageTable" / "manifest.json").read_text())
    assert again["key"] == built.manifest()["key"]
    assert again["decided_by"]["settings"]["seed"] == 5
    assert " read " not in asked.stderr  # the source was read for its digest before, and is not read for it again


def test_other_code_is_named_with_the_commit_to_check_out(built: Small, tmp_path: Path) -> None:
    path = built.table / "manifest.json"
    before = path.read_text()
    said = json.loads(before)
    said["decided_by"]["code"]["data.images"] = "0" * 64
    said["recorded"]["git_commit"] = "c0ffee"
    path.write_text(json.dumps(said))
    asked = built.ask("reproduce", str(built.table / "result" / "images.parquet"), "--into", str(tmp_path / "again"))
    path.write_text(before)
    assert asked.returncode == 2
    assert "other code: data.images\n" in asked.stderr
    assert "git checkout c0ffee" in asked.stderr
    assert not (tmp_path / "again").exists()


def test_a_source_that_changed_is_named(tmp_path: Path) -> None:
    built = small(tmp_path)
    built.captions.write_text(built.captions.read_text().replace('"width": 4', '"width": 9'))
    asked = built.ask("reproduce", "ImageTable", "--into", str(tmp_path / "again"))
    assert asked.returncode == 2
    assert str(built.captions) in asked.stderr
    assert "not SHA-256" in asked.stderr
    built.captions.unlink()
    asked = built.ask("reproduce", "ImageTable", "--into", str(tmp_path / "again"))
    assert asked.returncode == 2
    assert "no such file" in asked.stderr


def test_a_folder_that_holds_something_is_refused(built: Small) -> None:
    asked = built.ask("reproduce", "ImageTable", "--into", str(built.root))
    assert asked.returncode == 2
    assert "a folder that holds something" in asked.stderr
