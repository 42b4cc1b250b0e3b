"""What the main job must show on the generated world: one run of the profile `miniature`, read by all these tests."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import commands

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]

MARGIN = 0.10  # of the best blind predictor's loss
MAX_MEMORY_BYTES = 4 * 2**30


@dataclass(frozen=True, kw_only=True)
class Run:
    """The one run: its folder, what the command said, and its report."""

    folder: Path
    said: str
    report: dict[str, Any]

    @property
    def root(self) -> Path:
        return self.folder / "workspace"


@pytest.fixture(scope="module")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("miniature")
    command = [sys.executable, "-c", commands.WITH_MODULES, *commands.arguments("FullCurriculum", folder / "workspace")]
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=commands.environment(), capture_output=True, text=True, check=False)
    print(f"miniature: {time.monotonic() - started:.0f} s")
    assert done.returncode == 0, done.stderr
    report = json.loads((folder / "workspace/current/Report/result/report.json").read_text("utf-8"))
    return Run(folder=folder, said=done.stdout + done.stderr, report=report)


def held_out(run: Run) -> dict[str, dict[str, Any]]:
    """The held-out figures of every objective by `stage.objective`."""
    return {
        f"{stage}.{objective}": figures
        for stage, said in run.report["stages"].items()
        for objective, figures in said["held_out"].items()
    }


def test_the_command_ends_by_saying_where_the_report_lies(miniature: Run) -> None:
    page = miniature.root / "current" / "Report" / "result" / "report.html"
    assert f"The report: {page}" in miniature.said
    assert page.is_file()


def test_luigis_process_never_imports_torch(miniature: Run) -> None:
    assert "imported: []" in miniature.said


def test_no_process_of_it_takes_4_gib(miniature: Run) -> None:
    # Linux gives the peak of the largest finished child in KiB.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MAX_MEMORY_BYTES


def test_every_stage_trains_its_objectives(miniature: Run) -> None:
    assert set(held_out(miniature)) == {
        *("token.mlm", "token.mrfr", "token.moc", "token.ifrs"),
        *("phrase.mlm", "phrase.mrfr", "phrase.moc", "phrase.titp"),
        *("sentence.mlm", "sentence.mrfr", "sentence.moc", "sentence.tits", "sentence.itm_hs"),
    }


def test_every_held_out_loss_ends_a_tenth_below_its_best_blind_predictor(miniature: Run) -> None:
    losses = {name: figures for name, figures in held_out(miniature).items() if figures["metric"] == "loss"}
    short = {
        name: (figures["model"], figures["blind"])
        for name, figures in losses.items()
        if figures["model"] > (1 - MARGIN) * min(figures["blind"].values())
    }
    assert len(losses) == 10
    assert short == {}


def test_topics_are_found_more_precisely_than_by_label_frequencies(miniature: Run) -> None:
    for name in ("phrase.titp", "sentence.tits"):
        figures = held_out(miniature)[name]
        assert figures["metric"] == "average_precision"
        assert figures["model"] > 1.1 * max(figures["blind"].values())


def test_matching_is_right_on_six_of_ten_held_out_pairs(miniature: Run) -> None:
    figures = held_out(miniature)["sentence.itm_hs"]
    assert figures["metric"] == "accuracy"
    assert figures["model"] >= 0.6


def test_zero_shot_image_retrieval_is_ten_times_chance_on_two_hundred_scenes(miniature: Run) -> None:
    retrieval = miniature.report["benchmarks"]["retrieval"]
    assert retrieval["sizes"]["images"] >= 200
    found, chance = retrieval["scores"]["image_retrieval"]["R@1"], retrieval["chance"]["image_retrieval"]["R@1"]
    assert found >= 10 * chance


def test_given_again_there_is_nothing_to_do(miniature: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in (miniature.root / "store").rglob("*")}
    done = commands.run("FullCurriculum", miniature.root, cwd=miniature.folder)
    assert done.returncode == 0
    assert "Nothing to do" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in (miniature.root / "store").rglob("*")} == before


def test_a_deleted_artifact_is_rebuilt_and_only_what_depends_on_changed_bytes(miniature: Run) -> None:
    before = commands.digests(miniature.root)
    artifact = (miniature.root / "current" / "SentenceCorpus").resolve()
    artifact.rename(miniature.folder / "deleted")
    done = commands.run("FullCurriculum", miniature.root, cwd=miniature.folder)
    assert done.returncode == 0, done.stderr
    built = [line.split()[0] for line in done.stderr.splitlines() if " built in " in line]
    assert built == ["SentenceCorpus"]
    assert commands.digests(miniature.root) == before
