"""What holds of every backbone of the folder, and what is checked before any work."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data import backbones, workers
from data.backbones import BackboneSettings, backbone, backbone_names, check
from data.errors import UserError
from data.regions.features import workplace_of
from data.shards import Workplace
from tests.conftest import CHECKOUT

WITH_WEIGHTS = [name for name in backbone_names() if backbone(name).weights is not None]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every library is there, as far as is looked before any work."""
    monkeypatch.setattr(backbones, "find_spec", lambda name: object())


def chosen(name: str, tmp_path: Path) -> BackboneSettings:
    """A backbone with a file or folder of weights."""
    path = tmp_path / "weights"
    path.mkdir() if backbone(name).weights == "folder" else path.touch()
    return BackboneSettings(name=name, model="resnet", weights=path)


def test_all_are_found_by_the_names_of_their_files() -> None:
    assert set(backbone_names()) >= {"pixels", "timm", "torchvision", "transformers"}


def test_none_imports_a_library_before_it_is_opened() -> None:
    program = (
        "import sys; from data import backbones; [backbones.backbone(n) for n in backbones.backbone_names()];"
        "print(sorted({'torch', 'timm', 'torchvision', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_a_network_of_torch_is_run_by_workers_and_on_a_gpu_by_one(name: str, tmp_path: Path) -> None:
    assert "torch" in backbone(name).libraries
    for num_workers, device, expected in ((1, "cpu", 1), (3, "cpu", 3), (3, "cuda", 1)):
        settings = BackboneSettings(name=name, device="cuda" if device == "cuda" else "cpu")
        place = workplace_of(settings, Workplace(scratch=tmp_path, num_workers=num_workers))
        assert (place.num_workers, place.executor) == (expected, workers.spawned)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
@pytest.mark.usefixtures("installed")
def test_a_model_with_weights_that_are_there_is_taken(name: str, tmp_path: Path) -> None:
    check(chosen(name, tmp_path))


@pytest.mark.parametrize("name", WITH_WEIGHTS)
@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("change", "found", "way_out"),
    [
        ({"model": ""}, "none", "name it after a colon"),
        ({"weights": None}, "none", "nothing is ever downloaded"),
        ({"weights": Path("/nowhere")}, "nothing there", "nothing is ever downloaded"),
    ],
)
def test_a_model_or_weights_that_are_not_given_are_asked_for(
    name: str, change: dict[str, Any], found: str, way_out: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        check(replace(chosen(name, tmp_path), **change))
    assert caught.value.found == found
    assert way_out in caught.value.way_out


@pytest.mark.parametrize("name", WITH_WEIGHTS)
@pytest.mark.usefixtures("installed")
def test_a_folder_is_no_file_and_a_file_no_folder(name: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch() if backbone(name).weights == "folder" else other.mkdir()
    with pytest.raises(UserError, match=f"expected a {backbone(name).weights} with the weights"):
        check(replace(chosen(name, tmp_path), weights=other))


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backbones, "find_spec", lambda library: None if library == name else object())
    with pytest.raises(UserError) as caught:
        check(chosen(name, tmp_path))
    assert caught.value.expected.startswith(f"the library {name}")
    assert f"multigrain[{name}]" in caught.value.way_out


@pytest.mark.parametrize("change", [{"model": "resnet"}, {"weights": Path("/weights")}])
def test_pixels_have_no_model_and_no_weights(change: dict[str, Any]) -> None:
    check(BackboneSettings())
    with pytest.raises(UserError, match="pixels alone"):
        check(BackboneSettings(**change))
