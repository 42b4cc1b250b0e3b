"""Where a fine-tuning starts from: every kind of name, and what each needs of images."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.curricula import grit
from tasks.fine_tuning import Evaluate, FineTune
from tasks.grit_stages import GritStage
from tasks.starts import StartParameter, start

PARAMETER = StartParameter(description="")


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("sentence", "sentence"),
        ("vanilla", "vanilla"),
        ("S-ITM_HS-TITS", "S-TITS-ITM_HS"),
        ("albef", "albef"),
        ("grit+mask_rate=0.50", "grit"),
    ],
)
def test_a_name_is_spelt_in_one_way(text: str, spelt: str) -> None:
    assert PARAMETER.parse(text) == spelt


def test_what_names_no_start_is_answered_with_the_nearest_and_with_every_form() -> None:
    with pytest.raises(ValueError, match=r"did you mean sentence\?.*T\.P\.S.*grit or albef"):
        PARAMETER.parse("sentense")


def test_each_kind_is_a_stage_of_its_own(workspace: Path) -> None:
    labels = {
        name: None if (stage := start(name, seed=2, profile="smoke")) is None else stage.label
        for name in ("phrase", "vanilla", "T.S", "grit", "albef+mask_rate=0.3")
    }
    assert labels == {
        "phrase": "PhraseStage",
        "vanilla": None,
        "T.S": "Pretrain-T.S-seed2",
        "grit": "GritStage-grit-seed2",
        "albef+mask_rate=0.3": "GritStage-albef+mask_rate=0.3-seed2",
    }


def test_a_fine_tuning_on_pictures_alters_them_as_the_profile_says_and_one_on_regions_has_none(workspace: Path) -> None:
    views = {
        (after, profile): FineTune(benchmark="nlvr2", after=after, profile=profile).fine_tuning().view
        for after in ("grit", "S")
        for profile in ("smoke", "miniature", "paper")
    }
    assert views[("grit", "smoke")] == grit.PIXELS.view != {}
    assert views[("grit", "paper")] == {"crop_scale": (0.5, 1.0)}
    assert views[("grit", "miniature")] == views[("S", "smoke")] == views[("S", "paper")] == {}  # on regions


def test_a_network_of_patches_reads_pictures_and_one_of_regions_regions(workspace: Path) -> None:
    for task in (
        GritStage(profile="smoke"),
        FineTune(benchmark="vqa", after="grit", profile="smoke"),
        Evaluate(benchmark="zero_shot_retrieval", after="albef", profile="smoke"),
    ):
        assert {"pictures", "regions"} & set(task.inputs()) == {"pictures"}
    regions = FineTune(benchmark="vqa", after="T.S", profile="smoke").inputs()
    assert {"pictures", "regions"} & set(regions) == {"regions"}
