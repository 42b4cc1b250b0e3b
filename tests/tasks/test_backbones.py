"""The backbone of RegionFeatures: what of it decides the result, and what is refused before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import luigi.configuration
import pytest
from luigi.task_register import Register

from data import backbones
from data.errors import UserError
from tasks.artifact import ArtifactTask
from tasks.code import code_digests
from tasks.images import RegionFeatures
from tasks.parameters import BackboneParameter, CountParameter
from tasks.sources import SourceFile


@pytest.fixture
def pictures(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures as sources, a file of weights, and every library that a backbone needs, as far as planning looks."""
    for name in ("coco_captions", "coco_images"):
        luigi.configuration.get_config().set("sources", name, f"/data/{name}")
    monkeypatch.setattr(backbones, "find_spec", lambda name: object())
    monkeypatch.setattr(ArtifactTask, "content_digest", lambda self, results=(): f"{self.label}{results}")
    monkeypatch.setattr(SourceFile, "content_digest", lambda self, results=(): f"content of {Path(self.path).name}")
    (tmp_path / "weights").touch()
    return tmp_path / "weights"


def decision(**parameters: Any) -> dict[str, Any]:
    Register.clear_instance_cache()
    decided = RegionFeatures(profile="smoke", **parameters).decision()
    assert decided is not None
    return decided


def test_model_device_size_and_batches_decide_and_weights_by_their_content(pictures: Path, tmp_path: Path) -> None:
    chosen = {"backbone": "timm:resnet50", "weights": str(pictures)}
    decided = decision(**chosen)
    assert decided["settings"]["backbone"] == {
        "name": "timm",
        "model": "resnet50",
        "device": "cpu",
        "side_px": 448,
        "batch_size": 8,
    }
    assert decided["inputs"]["weights"] == "content of weights"
    assert str(tmp_path) not in str(decided)
    others = ({"backbone": "timm:resnet101"}, {"device": "cuda"}, {"picture_side_px": 224}, {"pictures_per_batch": 1})
    for other in others:
        assert decision(**{**chosen, **other}) != decided
    assert decision(**chosen, num_workers=7) == decided


def test_the_file_and_the_libraries_of_a_backbone_decide_and_those_of_no_other(pictures: Path) -> None:
    by_timm = decision(backbone="timm:resnet50", weights=str(pictures))
    plain = decision()
    assert {"timm", "torch", "torchvision"} <= set(by_timm["libraries"])
    assert "data.backbones.timm" in by_timm["code"]
    assert "data.regions.roi_align" in code_digests(["data.backbones.timm"])
    assert "weights" not in plain["inputs"]
    assert not {"timm", "torch"} & set(plain["libraries"])
    assert not {"data.backbones.timm", "data.regions.feature_maps"} & set(plain["code"])
    assert "data.backbones.pixels" in plain["code"]


def test_a_path_may_hold_variables_and_the_home(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS", str(pictures.parent))
    monkeypatch.setenv("HOME", str(pictures.parent))
    for given in ("${WEIGHTS}/weights", "~/weights"):
        task = RegionFeatures(profile="smoke", backbone="timm:resnet50", weights=given)
        assert task.inputs()["weights"].node.content_path() == pictures


def test_weights_that_are_not_there_are_noticed_before_any_work(pictures: Path) -> None:
    task = RegionFeatures(profile="smoke", backbone="timm:resnet50", weights="/nowhere/weights")
    with pytest.raises(UserError, match="nothing there"):
        task.inputs()


@pytest.mark.parametrize("given", ["obj36", None])
def test_a_backbone_beside_region_features_of_others_is_refused(given: str | None, pictures: Path) -> None:
    config = luigi.configuration.get_config()
    for vocabulary in ("object_vocabulary", "attribute_vocabulary"):
        config.set("sources", vocabulary, f"/data/{vocabulary}")
    if given is None:
        config.remove_section("sources")
    else:
        config.set("sources", given, "/data/regions")
    task = RegionFeatures(profile="smoke", backbone="timm:resnet50", weights=str(pictures))
    with pytest.raises(UserError, match="leave the backbone out") as caught:
        task.inputs()
    assert ("the generated world" if given is None else given) in caught.value.found


def test_a_gpu_is_asked_for_where_one_is_used(pictures: Path) -> None:
    assert RegionFeatures(profile="smoke").process_resources() == {}
    assert RegionFeatures(profile="smoke", device="cuda").process_resources() == {"gpu": 1}


def test_a_mistyped_backbone_is_answered_with_the_nearest() -> None:
    parameter = BackboneParameter(description="")
    assert parameter.parse("torchvision:resnet101") == "torchvision:resnet101"
    with pytest.raises(ValueError, match=r"no 'tim' \(did you mean timm\?\)"):
        parameter.parse("tim:resnet50")


@pytest.mark.parametrize("wrong", ["0", "5", "-1"])
def test_a_count_has_a_least_and_a_most(wrong: str) -> None:
    parameter = CountParameter(description="", most=4)
    assert [parameter.parse("1"), parameter.parse("4")] == [1, 4]
    with pytest.raises(ValueError, match="at least 1 and at most 4"):
        parameter.parse(wrong)
