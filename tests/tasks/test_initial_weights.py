"""Weights that a stage starts from: which stage may, what of them decides, and what is refused before any work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import luigi
import pytest
from luigi.task_register import Register

from data.errors import UserError
from model.specs import Network
from tasks.artifact import ArtifactTask
from tasks.grit_stages import GritStage
from tasks.msp_stages import PhraseStage, Pretrain, TokenStage
from tasks.settings import current_profile
from tasks.sources import SourceFile
from tasks.stages import PretrainStage


def sizes(network: Network) -> dict[str, Any]:
    return {
        "model_type": "bert",
        "hidden_size": network.hidden_size,
        "max_position_embeddings": network.max_positions,
        "hidden_act": "gelu",
    }


@pytest.fixture
def bert(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like BERT's weights of the smoke profile's size; every input has a digest."""
    monkeypatch.setattr(ArtifactTask, "content_digest", lambda self, results=(): f"{self.label}{results}")
    monkeypatch.setattr(SourceFile, "content_digest", lambda self, results=(): f"content of {Path(self.path).name}")
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(sizes(current_profile("smoke").msp.network)))
    (folder / "model.safetensors").touch()
    return folder


def stage(kind: type[PretrainStage], weights: object, **values: str) -> PretrainStage:
    Register.clear_instance_cache()
    luigi.configuration.get_config().set("Msp", "weights", str(weights))
    return kind(profile="smoke", **values)


def test_they_decide_by_their_content_and_not_by_their_path(bert: Path, tmp_path: Path) -> None:
    decided = stage(TokenStage, bert).decision()
    assert decided is not None
    assert decided["inputs"]["initial"] == "content of bert"
    assert str(tmp_path) not in str(decided)
    plain = stage(TokenStage, "").decision()
    assert plain is not None
    assert "initial" not in plain["inputs"]
    assert plain["settings"] == decided["settings"]


def test_a_path_may_hold_variables_and_the_home(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS", str(bert.parent))
    monkeypatch.setenv("HOME", str(bert.parent))
    for given in ("${WEIGHTS}/bert", "~/bert"):
        assert stage(TokenStage, given).inputs()["initial"].node.content_path() == bert


def test_a_stage_that_starts_from_another_takes_its_weights(bert: Path) -> None:
    for chained in (stage(PhraseStage, bert), stage(Pretrain, bert, chain="T.S")):
        assert "initial" not in chained.inputs()
        assert chained.inputs()["start"].node.inputs()["initial"].node.content_path() == bert


def test_weights_of_another_size_and_a_folder_without_any_are_refused_before_any_work(bert: Path) -> None:
    with pytest.raises(UserError, match="nothing there"):
        stage(TokenStage, "/nowhere").inputs()
    (bert / "model.safetensors").unlink()
    with pytest.raises(UserError, match="neither"):
        stage(TokenStage, bert).inputs()
    (bert / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": 768}))
    (bert / "pytorch_model.bin").touch()
    with pytest.raises(UserError, match="hidden_size"):
        stage(TokenStage, bert).inputs()


def grit_stage(**given: object) -> GritStage:
    Register.clear_instance_cache()
    for name, path in given.items():
        luigi.configuration.get_config().set("Grit", name, str(path))
    return GritStage(profile="smoke")


def test_each_tower_of_albef_starts_from_weights_of_its_own(bert: Path) -> None:
    network = current_profile("smoke").grit.network
    config = {**sizes(network), "num_hidden_layers": network.num_layers}
    (bert / "config.json").write_text(json.dumps(config))
    file = bert.parent / "deit.pth"
    file.touch()
    inputs = grit_stage(image_weights=file, text_weights=bert).inputs()
    assert inputs["initial_image"].node.content_path() == file
    assert inputs["initial_text"].node.content_path() == bert
    assert "initial_image" not in grit_stage(image_weights="").inputs()
    (bert / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 24}))
    with pytest.raises(UserError, match="num_hidden_layers"):
        grit_stage(text_weights=bert).inputs()
