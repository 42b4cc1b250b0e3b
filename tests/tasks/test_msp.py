"""`[Msp]`: the readings that a user chooses reach the specs of stages, and everything else stays the profile's."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import luigi
import pytest

from data.errors import UserError
from model.msp_readings import MspReadings
from model.specs import Optimizer
from tasks.msp import current_sizes
from tasks.msp_stages import SentenceStage, TokenStage


def choose(**readings: str) -> None:
    for name, value in readings.items():
        luigi.configuration.get_config().set("Msp", name, value)


def options(stage: type[TokenStage] | type[SentenceStage]) -> dict[str, Any]:
    return {objective.name: objective.options for objective in stage(profile="smoke").stage().objectives()}


def test_nothing_chosen_is_the_profiles_and_the_papers_are_the_first_of_each(workspace: Path) -> None:
    assert current_sizes("paper").readings == MspReadings()
    assert current_sizes("smoke").readings == MspReadings(topic_head="tied", ifrs_head="put_back")


def test_a_reading_reaches_the_spec_that_it_is_about(workspace: Path) -> None:
    choose(moc_scope="all_by_confidence", feature_loss="smooth_l1", text_layers="2")
    found = options(TokenStage)
    assert found["moc"]["scope"] == "all_by_confidence"
    assert (found["mrfr"]["loss"], found["ifrs"]["loss"]) == ("smooth_l1", "smooth_l1")
    assert TokenStage(profile="smoke").curriculum().network.options["text_layers"] == 2


def test_the_released_model_is_one_setting_and_single_ones_go_before_it(workspace: Path) -> None:
    choose(model="released", positions="piece")
    network = SentenceStage(profile="smoke").curriculum().network.options
    assert (network["visual_cls"], network["pooled"], network["positions"]) == (True, "product", "piece")
    found = options(SentenceStage)
    assert found["tits"]["head"] == "bounded"
    assert found["mrfr"]["gated"]


def test_readings_that_do_not_go_together_are_refused_before_any_work(workspace: Path) -> None:
    choose(pooled="product")
    with pytest.raises(UserError, match="visual_cls"):
        SentenceStage(profile="smoke").settings()


def test_boxes_that_move_with_a_shuffled_triplet_are_refused_with_the_reason(workspace: Path) -> None:
    choose(ifrs_boxes="move")
    with pytest.raises(UserError, match="nothing can be learnt"):
        TokenStage(profile="smoke").settings()


def test_lxmerts_optimiser_can_be_stated(workspace: Path) -> None:
    stage = TokenStage(
        profile="paper",
        optimizer="bertadam",
        learning_rate=1e-4,
        warmup_rate=0.05,
        lr_schedule="linear",
        weight_decay=0.01,
        clip_norm=1.0,
    )
    assert stage.stage().budget.optimizer == Optimizer(
        name="bertadam", learning_rate=1e-4, warmup_rate=0.05, schedule="linear", weight_decay=0.01, clip_norm=1.0
    )


def test_gradients_are_not_clipped_at_infinity_and_a_negative_norm_is_refused(workspace: Path) -> None:
    assert TokenStage(profile="smoke", clip_norm=math.inf).stage().budget.optimizer.clip_norm is None
    with pytest.raises(UserError, match="above 0"):
        TokenStage(profile="smoke", clip_norm=-1.0).stage()
