"""torchvision's classifiers with weights from a file; skipped where torchvision is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data import backbones
from data.backbones import BackboneSettings, View
from data.errors import UserError

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("torch_as_it_was")


@pytest.fixture
def models(imported: Callable[[str], Any]) -> Any:
    return imported("torchvision").models


def saved(models: Any, name: str, folder: Path, **options: Any) -> BackboneSettings:
    """The settings for a model whose weights, made here, lie in a file."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = models.get_model(name, weights=None, **options)
    torch.save(model.state_dict(), folder / "weights.pth")
    return BackboneSettings(name="torchvision", model=name, weights=folder / "weights.pth", side_px=64, batch_size=2)


@pytest.mark.parametrize(
    ("name", "parts", "width"),
    [
        ("resnet18", ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"), 512),
        ("mobilenet_v3_small", ("features",), 576),
    ],
)
def test_features_are_those_of_the_map_that_the_model_averages(
    name: str, parts: tuple[str, ...], width: int, models: Any, make_views: Callable[[int], list[View]], tmp_path: Path
) -> None:
    settings = saved(models, name, tmp_path, num_classes=7)  # another number of classes than the published one
    model = models.get_model(name, weights=None, num_classes=7).eval()
    model.load_state_dict(torch.load(tmp_path / "weights.pth", weights_only=True))
    extractor = backbones.opened(settings)
    assert extractor.num_features == width
    square = [replace(view, boxes_R4=np.array([[0.25, 0.25 * 64 / 43] * 2], np.float32)) for view in make_views(2)]
    canvases = np.stack([extractor._canvas(view).pixels_CSS for view in square])
    with torch.inference_mode():
        map_BFHW = torch.from_numpy(canvases)
        for part in parts:
            map_BFHW = getattr(model, part)(map_BFHW)
    assert map_BFHW.shape == (2, width, 2, 2)
    for view, map_FHW in zip(extractor.features(square), map_BFHW, strict=True):
        assert np.allclose(view[0], map_FHW[:, 0, 0].numpy(), atol=1e-5)  # the middle of the first cell


def test_a_model_that_torchvision_has_not_is_answered_with_the_nearest(models: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean resnet50"):
        backbones.opened(BackboneSettings(name="torchvision", model="resnet5O", weights=tmp_path))


def test_weights_of_another_model_are_refused(models: Any, tmp_path: Path) -> None:
    settings = saved(models, "resnet34", tmp_path)
    with pytest.raises(UserError, match="the weights of resnet18; found weights with layer"):
        backbones.opened(replace(settings, model="resnet18"))


def test_a_model_that_averages_no_map_is_refused(models: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="0 averages in squeezenet1_0"):
        backbones.opened(saved(models, "squeezenet1_0", tmp_path))
