"""`multigrain lineage`: everything that an artifact came from, as a tree and as JSON."""

from __future__ import annotations

from pathlib import Path

from data.digests import file_digest
from tests.pipeline.commands.verbs import Ask


def test_the_tree_has_key_seed_and_the_sha256_of_every_source(built: Path, captions: Path, ask: Ask) -> None:
    said = ask("lineage", "ImageTable")
    assert said.code == 0
    key = (built / "current" / "ImageTable").resolve().name
    assert said.lines[0].startswith(f"ImageTable {key[:12]} built ")
    assert ", seed 1, pyarrow " in said.lines[0]
    assert said.lines[1] == f"{captions} sha256 {file_digest(captions)}"


def test_json_is_complete_for_any_path_in_the_artifact(built: Path, captions: Path, ask: Ask) -> None:
    said = ask("lineage", str(built / "current" / "ImageTable" / "result" / "images.parquet"), "--json")
    (table,) = said.json["artifacts"]
    assert table["settings"]["seed"] == 1
    assert table["parameters"]["profile"] == "miniature"
    assert len(table["code"]["data.images"]) == 64
    assert said.json["sources"][0]["sha256"] == file_digest(captions)


def test_an_unknown_label_exits_2_with_the_nearest(built: Path, ask: Ask) -> None:
    said = ask("lineage", "ImageTabel")
    assert said.code == 2
    assert "did you mean ImageTable?" in said.err
