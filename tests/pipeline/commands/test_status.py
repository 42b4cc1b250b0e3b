"""`multigrain status`: what a workspace holds, on one screen."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipeline.commands.verbs import Ask


def test_it_lists_each_label_with_when_how_long_size_rows_and_key(built: Path, ask: Ask) -> None:
    manifest = json.loads((built / "current" / "ImageTable" / "manifest.json").read_text())
    (built / "partial" / "left").mkdir(parents=True)
    (built / "partial" / "left" / "shard").write_bytes(b"12345")
    said = ask("status")
    assert said.code == 0
    assert said.lines[1] == "label built took size rows key state"
    row = said.lines[2].split(" ")
    assert row[0] == "ImageTable"
    assert row[1] == manifest["recorded"]["started"][:10]
    assert row[-3:] == ["1", manifest["key"][:12], "whole"]
    assert said.lines[3] == "partial/left: 1 files, 5 B"
    assert ask("status", "--json").json["held"][0]["key"] == manifest["key"]


def test_it_takes_the_workspace_as_luigi_does_and_makes_none(built: Path, ask: Ask, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    said = ask("status", "--workspace-root", str(elsewhere))
    assert said.lines == [f"{elsewhere}: 0 artifacts, 0 B"]
    assert not elsewhere.exists()
