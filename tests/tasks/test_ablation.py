from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import UserError
from tasks.ablation import AblationTable, load
from tasks.ablations.msp import ABLATION
from tasks.fine_tuning import Evaluate, FineTune
from tasks.grit_stages import GritStage
from tasks.msp_stages import Pretrain


def test_stages_that_rows_share_are_trained_once(workspace: Path) -> None:
    # T, P, T.P, P.T, S.P and the last stages of 14 rows, T-IFRS, P-TITP and T.P-TITP: 22. Apart: 6 of one stage,
    # 4 of two, 4 of three: 26.
    table = AblationTable(profile="smoke", benchmarks=("vqa",), num_seeds=1)
    assert table.trainings() == (22, 26)
    assert AblationTable(profile="smoke", benchmarks=("vqa",), num_seeds=3).trainings() == (66, 78)
    assert (
        "66 stages are trained, 12 fewer"
        in AblationTable(profile="smoke", benchmarks=("vqa",), num_seeds=3).notices()[0]
    )


def test_each_benchmark_has_the_seeds_of_the_profile_and_each_row_what_it_can_be_judged_on(workspace: Path) -> None:
    evaluations = AblationTable(profile="ablation").evaluations()
    judged = {(name, row) for name, _, row in evaluations}
    assert {name for name, _ in judged} == {"gqa", "nlvr2", "retrieval", "vqa", "zero_shot_retrieval"}
    assert {row for name, row in judged if name == "retrieval"} == {row.chain for row in ABLATION.rows}
    zero_shot = {row for name, row in judged if name == "zero_shot_retrieval"}
    assert zero_shot == {row.chain for row in ABLATION.rows} - {"vanilla", "S.P.T"}
    assert {seed for name, seed, _ in evaluations if name == "retrieval"} == {1, 2, 3, 4, 5}
    assert {seed for name, seed, _ in evaluations if name in ("gqa", "nlvr2", "vqa")} == {1}


def test_rows_and_seeds_can_be_chosen(workspace: Path) -> None:
    table = AblationTable(profile="smoke", rows=("S", "T.S"), benchmarks=("vqa",), num_seeds=2)
    assert set(table.evaluations()) == {("vqa", seed, row) for seed in (1, 2) for row in ("S", "T.S")}
    assert table.trainings() == (6, 6)


def test_a_chain_is_fine_tuned_and_pre_trained_with_the_seed_that_is_judged(workspace: Path) -> None:
    judged = Evaluate(benchmark="vqa", after="T.S", seed=3, profile="smoke")
    tuned = judged.fine_tune()
    stage = tuned.stage()
    assert (tuned.seed, tuned.after) == (3, "T.S")
    assert isinstance(stage, Pretrain)
    assert (stage.label, stage.stage().budget.seed) == ("Pretrain-T.S-seed3", 3)
    before = stage.before()
    assert before is not None
    assert before.label == "Pretrain-T-seed3"


def test_the_main_jobs_stages_have_their_own_seed(workspace: Path) -> None:
    assert Evaluate(benchmark="vqa", seed=3, profile="smoke").fine_tune().stage().label == "SentenceStage"


def test_without_pre_training_a_fine_tuning_starts_from_nothing(workspace: Path) -> None:
    tuned = FineTune(benchmark="vqa", after="vanilla", seed=2, profile="smoke")
    assert tuned.label == "FineTune-vqa-after-vanilla-seed2"
    assert "start" not in tuned.inputs()


@pytest.mark.parametrize("after", ["vanilla", "S.P.T"])
def test_what_never_learnt_matching_is_not_judged_by_it(workspace: Path, after: str) -> None:
    with pytest.raises(UserError, match="match images and texts"):
        Evaluate(benchmark="zero_shot_retrieval", after=after, profile="smoke").inputs()


def test_only_a_stage_with_hard_negatives_needs_their_index(workspace: Path) -> None:
    needs = {
        chain: "hard_negatives" in Pretrain(chain=chain, profile="smoke").inputs()
        for chain in ("S", "S-ITM_HS", "S_grit", "T", "T+P+S")
    }
    assert needs == {"S": True, "S-ITM_HS": False, "S_grit": False, "T": False, "T+P+S": False}


def test_another_ablation_has_its_own_rows_label_and_benchmarks(workspace: Path) -> None:
    table = AblationTable(profile="ablation", ablation="grit", num_seeds=2)
    assert table.label == "AblationTable-grit"
    judged = {(name, row) for name, _, row in table.evaluations()}
    assert judged == {("zero_shot_retrieval", row.chain) for row in load("grit").rows}
    assert table.trainings() == (30, 30)  # 4 kinds at 3 lengths, and 3 rows more, with two seeds each
    lengths = {row.chain: table._lengths(row) for row in table.chosen_rows()}
    assert lengths["grit+length=0.333"] == ["pairs: 10 epochs"]
    assert lengths["grit"] == ["pairs: 30 epochs"]


def test_a_row_of_another_table_is_refused(workspace: Path) -> None:
    with pytest.raises(UserError, match="rows of this ablation"):
        AblationTable(profile="smoke", ablation="grit", rows=("T.S",)).evaluations()


def test_negatives_from_a_list_need_the_list(workspace: Path) -> None:
    needs = {
        name: "hard_negatives" in GritStage(readings=name, profile="smoke").inputs()
        for name in ("grit", "grit+choice=offline")
    }
    assert needs == {"grit": False, "grit+choice=offline": True}
