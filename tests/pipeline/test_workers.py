"""With several workers every task runs in a spawned process: the command's flags and its messages reach them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import commands

WORKERS = ("--workers", "2", "--profile", "smoke")


def manifest(root: Path, task: str) -> Any:
    return json.loads((root / "current" / task / "manifest.json").read_text("utf-8"))


@pytest.mark.timeout(180)
def test_the_workspace_and_the_flags_of_classes_reach_spawned_workers(tmp_path: Path) -> None:
    root = tmp_path / "w"
    flags = ("--PhraseCorpus-max-length", "20", "--PhraseCorpus-verbs", "none", "--ImageTable-seed", "7")
    done = commands.run("PhraseCorpus", root, *WORKERS, *flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert manifest(root, "PhraseCorpus")["decided_by"]["settings"]["max_length"] == 20
    assert manifest(root, "ImageTable")["decided_by"]["settings"]["seed"] == 7  # of a task that the root made
    assert [path.name for path in tmp_path.iterdir()] == ["w"]  # no workspace at the default place
    built = sorted(line.split()[0] for line in done.stderr.splitlines() if " built in " in line)
    assert built == ["ImageTable", "PhraseCorpus", "RegionFeatures", "Vocabulary", "World"]
    assert len(list((root / "logs").iterdir())) == 1

    again = commands.run("PhraseCorpus", root, *flags, "--profile", "smoke", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stderr.split() == ["PhraseCorpus", "unchanged"]


def test_a_mistake_that_a_spawned_worker_meets_is_told_once_with_its_four_parts(tmp_path: Path) -> None:
    captions = tmp_path / "captions.json"
    captions.write_text('{"annotations": 3}')
    done = commands.run("ImageTable", tmp_path / "w", *WORKERS, "--sources-coco-captions", str(captions), cwd=tmp_path)
    assert done.returncode == 30
    assert done.stderr.count("  way out   ") == 1
    assert str(captions) in done.stderr
    assert "Traceback" not in done.stderr


def test_current_follows_a_command_that_finds_everything_built(tmp_path: Path) -> None:
    root = tmp_path / "w"
    captions = tmp_path / "captions.json"
    image = {"id": 7, "file_name": "COCO_train2014_000000000007.jpg", "width": 4, "height": 3}
    captions.write_text(json.dumps({"images": [image], "annotations": []}))
    for seed in (1, 2, 1):
        flags = ("--sources-coco-captions", str(captions), "--seed", str(seed))
        done = commands.run("ImageTable", root, *flags, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert manifest(root, "ImageTable")["decided_by"]["settings"]["seed"] == seed
    assert len(list((root / "store" / "ImageTable").iterdir())) == 2
