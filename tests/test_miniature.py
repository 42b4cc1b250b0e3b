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
MARGINS = {"vqa": 10.0, "gqa": 10.0, "nlvr2": 5.0}  # points above the majority, the text alone and the image withheld
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
    page = miniature.root / "report.html"
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


def scores_of(run: Run, benchmark: str, *path: str) -> dict[str, Any]:
    """The scores of one evaluation, as it wrote them; `path` are the departures of its label."""
    folder = run.root / "current" / "-".join(("Evaluate", benchmark, *path)) / "result"
    scores: dict[str, Any] = json.loads((folder / "scores.json").read_text("utf-8"))
    return scores


def main_score(scores: dict[str, Any], row: str | None = None) -> float:
    group, metric = scores["main"]
    found = scores["scores"] if row is None else scores["baselines"][row]
    return float(found[group][metric])


def test_zero_shot_image_retrieval_is_ten_times_chance_on_two_hundred_scenes(miniature: Run) -> None:
    zero_shot = scores_of(miniature, "zero_shot_retrieval")
    assert zero_shot["is_zero_shot"]
    assert zero_shot["sizes"]["images"] >= 200
    assert main_score(zero_shot) >= 10 * main_score(zero_shot, "chance")


@pytest.mark.parametrize(("benchmark", "margin"), sorted(MARGINS.items()))
def test_a_benchmark_is_answered_better_than_by_the_majority_the_text_or_another_image(
    benchmark: str, margin: float, miniature: Run
) -> None:
    scores, text_only = scores_of(miniature, benchmark), scores_of(miniature, benchmark, "text")
    ours = main_score(scores)
    assert ours >= main_score(scores, "majority") + margin
    assert ours >= main_score(scores, "image withheld") + margin
    assert ours >= main_score(text_only) + margin


def test_fine_tuned_retrieval_is_above_zero_shot_on_the_same_scenes(miniature: Run) -> None:
    zero_shot, fine_tuned = scores_of(miniature, "zero_shot_retrieval"), scores_of(miniature, "retrieval")
    assert fine_tuned["sizes"] == zero_shot["sizes"]
    for group, metrics in zero_shot["scores"].items():
        assert sum(fine_tuned["scores"][group].values()) > sum(metrics.values()), group


def test_every_benchmark_says_what_each_stage_adds(miniature: Run) -> None:
    for benchmark in ("vqa", "retrieval"):
        for stage in ("token", "phrase"):
            assert main_score(scores_of(miniature, benchmark, "after", stage)) >= 0


def test_the_best_epoch_was_chosen_on_validation_rows(miniature: Run) -> None:
    for benchmark in ("vqa", "gqa", "nlvr2", "retrieval"):
        epochs = json.loads((miniature.root / f"current/FineTune-{benchmark}/result/epochs.json").read_text("utf-8"))
        scores = {epoch["epoch"]: epoch["validation"] for epoch in epochs["epochs"]}
        assert scores[epochs["best"]] == max(scores.values())


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


@pytest.fixture(scope="module")
def grit(miniature: Run) -> Run:
    """GRIT-VLP in the same workspace, so that it finds the world and what was made of it."""
    done = commands.run("GritCurriculum", miniature.root, cwd=miniature.folder)
    assert done.returncode == 0, done.stderr
    report = json.loads((miniature.root / "current/Report-grit/result/report.json").read_text("utf-8"))
    return Run(folder=miniature.folder, said=done.stderr, report=report)


def test_grit_learns_to_compare_to_match_and_to_fill_in_words(grit: Run) -> None:
    found = {name.partition(".")[2]: figures for name, figures in held_out(grit).items()}
    assert set(found) == {"itc", "consistency", "itm_in_batch", "mlm"}  # of consistency no predictor is blind
    for name in ("itc", "mlm"):
        assert found[name]["model"] <= (1 - MARGIN) * min(found[name]["blind"].values())
    assert found["itm_in_batch"]["model"] >= 1.1 * found["itm_in_batch"]["blind"]["majority"]


def test_grit_finds_images_and_answers_better_than_without_them(grit: Run) -> None:
    zero_shot = scores_of(grit, "zero_shot_retrieval", "after", "grit")
    assert main_score(zero_shot) >= 10 * main_score(zero_shot, "chance")
    for benchmark in ("vqa", "nlvr2"):
        scores = scores_of(grit, benchmark, "after", "grit")
        text_only = scores_of(grit, benchmark, "after", "grit", "text")
        best_blind = max(main_score(scores, "majority"), main_score(scores, "image withheld"), main_score(text_only))
        assert main_score(scores) >= best_blind + MARGINS[benchmark]


def test_what_both_systems_read_is_made_once(grit: Run) -> None:
    built = [line.split()[0] for line in grit.said.splitlines() if " built in " in line]
    assert not {"World", "ImageTable", "RegionFeatures", "Vocabulary", "SentenceCorpus", "HardNegatives"} & set(built)


@pytest.fixture(scope="module")
def momo(miniature: Run) -> Run:
    """MoMo in the same workspace."""
    started = time.monotonic()
    done = commands.run("MomoCurriculum", miniature.root, cwd=miniature.folder)
    print(f"MoMo: {time.monotonic() - started:.0f} s")
    assert done.returncode == 0, done.stderr
    report = json.loads((miniature.root / "current/Report-momo/result/report.json").read_text("utf-8"))
    return Run(folder=miniature.folder, said=done.stderr, report=report)


def test_every_objective_of_momos_three_stages_ends_a_tenth_below_its_best_blind_predictor(momo: Run) -> None:
    found = held_out(momo)
    losses = {name: figures for name, figures in found.items() if figures["metric"] == "loss"}
    assert set(losses) == {
        "image.mim",
        *("joint.text_mlm", "joint.image_mim"),
        *("pair.text_mlm", "pair.pair_mlm", "pair.pair_mim", "pair.pair_itc"),
    }
    for name, figures in losses.items():
        assert figures["model"] <= (1 - MARGIN) * min(figures["blind"].values()), name
    matching = found["pair.pair_itm_in_batch"]
    assert 1 - matching["model"] <= (1 - MARGIN) * (1 - matching["blind"]["majority"])


def test_momo_is_better_than_blind_on_texts_on_images_and_on_both(momo: Run) -> None:
    retrieval = {name: scores_of(momo, name, "after", "momo") for name in ("zero_shot_retrieval", "retrieval")}
    for scores in retrieval.values():
        assert main_score(scores) >= 10 * main_score(scores, "chance")
    for name in ("mnli", "image_classes", "image_classes_knn", "image_classes_probe", "vqa", "nlvr2"):
        scores = scores_of(momo, name, "after", "momo")
        assert main_score(scores) > max(main_score(scores, row) for row in scores["baselines"]), name
