"""Promise 12: a checkpoint names all that it came from, can be made again from that, and two can be told apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.digests import file_digest
from tests import commands
from tests.guarantees.workspaces import SMALL, ask, give, manifest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_lineage_of_a_checkpoint_lists_sources_parameters_code_and_seeds(tmp_path: Path) -> None:
    captions = tmp_path / "captions.json"
    image = {"id": 7, "file_name": "COCO_train2014_000000000007.jpg", "width": 4, "height": 3}
    captions.write_text(json.dumps({"images": [image], "annotations": []}))
    root = tmp_path / "workspace"
    given = give("ImageTable", root, "--sources-coco-captions", str(captions), "--seed", "5")
    assert given.code == 0, given.said
    asked = ask("lineage", root, str(root / "current" / "ImageTable" / "result" / "images.parquet"), "--json")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)
    assert manifest(root, "ImageTable")["decided_by"]["inputs"]["coco_captions.0"] in asked.stdout
    assert str(captions) in asked.stdout
    assert '"seed": 5' in asked.stdout
    assert manifest(root, "ImageTable")["decided_by"]["code"]["data.images"] in asked.stdout


def test_a_stage_is_reproduced_in_a_clean_workspace_bit_for_bit(small_run: Path, tmp_path: Path) -> None:
    asked = ask("lineage", small_run, "TokenStage", "--json", *SMALL[:2])
    assert asked.returncode == 0, asked.stderr
    for label in ("World", "ImageTable", "RegionFeatures", "Vocabulary", "TokenCorpus", "TokenStage"):
        for digest in manifest(small_run, label)["decided_by"]["code"].values():
            assert digest in asked.stdout
    weights = small_run / "current" / "TokenStage" / "result" / "weights.safetensors"
    asked = ask("reproduce", small_run, str(weights.parent.parent), "--into", str(tmp_path / "again"))
    assert asked.returncode == 0, asked.stdout + asked.stderr
    again = tmp_path / "again" / "current" / "TokenStage" / "result" / "weights.safetensors"
    assert file_digest(again) == file_digest(weights)


def test_diff_names_the_first_cause_of_a_difference(small_run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    given = give("TokenCorpus", other, *SMALL[:2], "--World-seed", "2", "--TokenCorpus-max-rejected-rate", "0.5")
    assert given.code == 0, given.said
    one, two = (str(root / "current" / "TokenCorpus") for root in (small_run, other))
    asked = ask("diff", small_run, one, two)
    assert asked.returncode == 1, asked.stderr
    first = asked.stdout.index("World: setting seed: 1 -> 2")
    assert first < asked.stdout.index("max_rejected_rate")
    assert ask("diff", small_run, one, one).returncode == 0
    assert commands.digests(small_run)["TokenCorpus"]
