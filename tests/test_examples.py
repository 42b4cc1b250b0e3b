"""The examples on real data run their whole curricula; what they score is in docs/results.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import commands
from tests.conftest import CHECKOUT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]


@pytest.mark.parametrize(
    ("example", "variable", "data", "num_images", "benchmarks"),
    # NLVR: 989 sentences of 6 pictures. COCO: the pictures that lie in the folder, of the 5,080 that are listed.
    [
        ("nlvr1", "NLVR1_DIR", "nlvr1", 5934, ["nlvr1"]),
        ("coco-mini", "COCO_DIR", "coco", 111, ["coco_retrieval", "coco_zero_shot_retrieval"]),
    ],
)
def test_an_example_runs_from_its_files_to_its_report(
    example: str,
    variable: str,
    data: str,
    num_images: int,
    benchmarks: list[str],
    shared_data: Callable[[str], Path],
    short: bool,
    tmp_path: Path,
) -> None:
    changes = {variable: str(shared_data(data)), "LUIGI_CONFIG_PATH": str(CHECKOUT / "examples" / f"{example}.cfg")}
    steps = [flag for stage in ("Token", "Phrase", "Sentence") for flag in (f"--{stage}Stage-num-steps", "50")]
    flags = [*steps, "--FineTune-num-epochs", "1"] if short else []
    done = commands.run("FullCurriculum", tmp_path / "workspace", *flags, cwd=tmp_path, changes=changes)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "workspace/current/Report/result/report.json").read_text("utf-8"))
    assert sum(report["corpora"]["RegionFeatures"]["images"].values()) == num_images
    assert sorted(report["benchmarks"]) == benchmarks
    for left_out in ("VQA v2 (vqa)", "GQA (gqa)"):
        assert f"{left_out} is left out: no source is set for it" in done.stderr
        assert any(sentence.startswith(f"{left_out} is left out") for sentence in report["left_out"])


def test_momo_learns_from_real_pictures_from_a_treebank_and_from_captions(
    shared_data: Callable[[str], Path], tmp_path: Path
) -> None:
    folders = {"COCO_DIR": "coco", "NLVR1_DIR": "nlvr1", "EWT_DIR": "ud_english_ewt"}
    changes = {name: str(shared_data(folder)) for name, folder in folders.items()}
    changes["LUIGI_CONFIG_PATH"] = str(CHECKOUT / "examples" / "momo.cfg")
    done = commands.run("MomoCurriculum", tmp_path / "workspace", "--profile", "smoke", cwd=tmp_path, changes=changes)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "workspace/current/Report-momo/result/report.json").read_text("utf-8"))
    rows = {name: sum(report["corpora"][name]["rows"].values()) for name in ("ImageCorpus", "TextCorpus")}
    # 111 pictures of COCO and 5,934 of NLVR, of which 248 are there twice; 12,544 sentences of train, 2,001 of dev.
    assert rows == {"ImageCorpus": 111 + 5934 - 248, "TextCorpus": 12544 + 2001}
    assert list(report["benchmarks"]) == ["coco_zero_shot_retrieval"]
