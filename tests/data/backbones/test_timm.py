"""timm's models with weights from a file; skipped where timm, or the torchvision that it needs, is not there."""

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
def timm(imported: Callable[[str], Any]) -> Any:
    return imported("timm")


def saved(timm: Any, name: str, folder: Path, **options: Any) -> BackboneSettings:
    """The settings for a model whose weights, made here, lie in a file."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = timm.create_model(name, pretrained=False, **options)
    torch.save(model.state_dict(), folder / "weights.pth")
    return BackboneSettings(name="timm", model=name, weights=folder / "weights.pth", side_px=64, batch_size=2)


@pytest.mark.parametrize(
    ("name", "width"), [("resnet10t", 512), ("resnet10t.c3_in1k", 512), ("mobilenetv3_small_050", 288)]
)
def test_features_are_those_of_the_map_that_the_model_averages(
    name: str, width: int, timm: Any, make_views: Callable[[int], list[View]], tmp_path: Path
) -> None:
    settings = saved(timm, name, tmp_path, num_classes=7)  # another number of classes than the published one
    model = timm.create_model(name, pretrained=False, num_classes=7).eval()
    model.load_state_dict(torch.load(tmp_path / "weights.pth", weights_only=True))
    extractor = backbones.opened(settings)
    assert extractor.num_features == width
    square = [replace(view, boxes_R4=np.array([[0.25, 0.25 * 64 / 43] * 2], np.float32)) for view in make_views(2)]
    canvases = np.stack([extractor._canvas(view).pixels_CSS for view in square])
    with torch.inference_mode():
        map_BFHW = model.forward_features(torch.from_numpy(canvases))
    assert map_BFHW.shape == (2, width, 2, 2)
    for view, map_FHW in zip(extractor.features(square), map_BFHW, strict=True):
        assert np.allclose(view[0], map_FHW[:, 0, 0].numpy(), atol=1e-5)  # the middle of the first cell


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("resnet5O", "resnet50"), ("resnet10t.c3_in1", "resnet10t.c3_in1k"), ("hf-hub:timm/resnet10t.c3_in1k", "")],
)
def test_a_model_that_timm_has_not_is_refused_and_nothing_is_fetched(
    name: str, nearest: str, timm: Any, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="a model of timm") as caught:
        backbones.opened(BackboneSettings(name="timm", model=name, weights=tmp_path))
    assert nearest in caught.value.way_out


def test_weights_of_another_model_are_refused(timm: Any, tmp_path: Path) -> None:
    settings = saved(timm, "resnet10t", tmp_path)
    with pytest.raises(UserError, match="the weights of resnet14t; found size mismatch for layer"):
        backbones.opened(replace(settings, model="resnet14t"))


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"])
def test_a_model_that_gives_no_map_is_refused(name: str, timm: Any, tmp_path: Path) -> None:
    settings = replace(saved(timm, name, tmp_path), side_px=224)
    with pytest.raises(UserError, match="take a convolutional model"):
        backbones.opened(settings)
