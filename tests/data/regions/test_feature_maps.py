"""What a network is shown of a picture, how pictures are batched, and what a network must give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from data.backbones import BackboneSettings, View
from data.errors import UserError
from data.regions.feature_maps import FeatureMaps, Network, library, opening

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("torch_as_it_was")

MIDDLE = np.array([[0.5, 0.5, 0.5, 0.5]], np.float32)


def seeing(settings: BackboneSettings, see: Callable[[Any], Any] = lambda pictures: pictures) -> FeatureMaps:
    """An open network whose map is the picture itself, or what is made of it."""

    def network(_: BackboneSettings) -> Network:
        return Network(model=torch.nn.Identity(), last_map=see, mean_C=(0.5, 0.5, 0.5), deviation_C=(0.25, 0.25, 0.25))

    opened = opening(network)(settings)
    assert isinstance(opened, FeatureMaps)
    return opened


def tiny(**changes: Any) -> BackboneSettings:
    return BackboneSettings(**{"name": "timm", "model": "resnet50", "side_px": 8, "batch_size": 2, **changes})


def test_a_wide_picture_lies_in_the_upper_part_of_its_square_and_the_rest_is_zeros(tmp_path: Any) -> None:
    Image.new("RGB", (40, 20), (255, 0, 0)).save(tmp_path / "red.png")
    shown: list[Any] = []

    def see(pictures_BCSS: Any) -> Any:
        shown.append(pictures_BCSS)
        return pictures_BCSS

    view = View(path=tmp_path / "red.png", size_px=(40, 20), boxes_R4=MIDDLE)
    (features_RF,) = seeing(tiny(), see).features([view])
    (canvas_CSS,) = shown[-1]
    assert (canvas_CSS[:, :4] == torch.tensor([2.0, -2.0, -2.0])[:, None, None]).all()  # (1 - 0.5) / 0.25
    assert (canvas_CSS[:, 4:] == 0).all()
    assert features_RF.tolist() == [[2.0, -2.0, -2.0]]  # the picture's middle, not that of the square


def test_pictures_are_shown_so_many_at_a_time_and_the_last_batch_is_what_is_left(make_views: Any) -> None:
    shown: list[int] = []

    def see(pictures_BCSS: Any) -> Any:
        shown.append(len(pictures_BCSS))
        return pictures_BCSS

    network = seeing(tiny(), see)
    assert network.num_features == 3
    views = make_views(5)
    found = list(network.features(views))
    assert shown == [1, 2, 2, 1]  # the first to see that it works
    for view, features_RF in zip(views, found, strict=True):
        (alone_RF,) = network.features([view])
        assert features_RF == pytest.approx(alone_RF, abs=1e-5)
    assert not np.array_equal(found[0], found[1])


def test_no_view_has_no_features() -> None:
    assert list(seeing(tiny()).features([])) == []


def _fails(pictures_BCSS: Any) -> Any:
    raise ValueError("You have to specify input_ids\nor something else")


@pytest.mark.parametrize(
    ("see", "found"),
    [
        (_fails, r"ValueError: You have to specify input_ids \("),
        (lambda pictures: pictures.mean(dim=(2, 3)), r"numbers of shape \(1, 3\)"),
        (lambda pictures: pictures.flatten(2).transpose(1, 2), r"numbers of shape \(1, 64, 3\)"),
        (lambda pictures: pictures[..., :0], r"numbers of shape \(1, 3, 8, 0\)"),
        (lambda pictures: {"logits": pictures}, "no numbers"),
    ],
)
def test_a_model_without_a_map_is_refused_before_any_picture(see: Callable[[Any], Any], found: str) -> None:
    with pytest.raises(UserError, match=found) as caught:
        seeing(tiny(), see)
    assert caught.value.where == "[RegionFeatures] backbone = timm:resnet50"
    assert "picture_side_px" in caught.value.way_out


def test_a_gpu_without_room_is_said_with_the_setting(make_views: Any) -> None:
    def see(pictures_BCSS: Any) -> Any:
        if len(pictures_BCSS) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return pictures_BCSS

    with pytest.raises(UserError, match="set fewer pictures_per_batch") as caught:
        list(seeing(tiny(), see).features(make_views(2)))
    assert caught.value.where == "[RegionFeatures] pictures_per_batch = 2"


def test_a_missing_gpu_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UserError, match="set device = cpu"):
        seeing(tiny(device="cuda"))


def test_a_network_computes_on_one_thread_and_the_same_on_every_run() -> None:
    seeing(tiny())
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()


def test_a_library_that_cannot_be_imported_is_said_with_its_own_words(tmp_path: Any, monkeypatch: Any) -> None:
    (tmp_path / "brokenvision.py").write_text("raise RuntimeError('operator nms does not exist')\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name, found in {"brokenvision": "RuntimeError: operator nms", "nolibrary": "ModuleNotFoundError"}.items():
        with pytest.raises(UserError, match=found) as caught:
            library(name, tiny())
        assert "multigrain[timm]" in caught.value.way_out
