"""Features fit into the store or are refused: their number, and float16's range."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from data import backbones
from data.backbones import BackboneSettings
from data.errors import UserError
from data.regions.features import as_float16, features_of, width_of
from data.shards import Workplace

PLACE = Workplace(scratch=None)  # nothing is written


def open_with(monkeypatch: pytest.MonkeyPatch, width: int) -> BackboneSettings:
    """Settings under which every view has 1, 2, ... as the features of its one box."""
    features = np.arange(1, width + 1, dtype=np.float32)[None]
    extractor = SimpleNamespace(num_features=width, features=lambda views: (features for _ in views))
    monkeypatch.setattr(backbones, "opened", lambda settings: extractor)
    return BackboneSettings(name="timm", model="narrow")


def test_fewer_features_than_the_store_holds_are_followed_by_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = open_with(monkeypatch, 3)
    assert width_of(settings, PLACE) == 3
    (found_RF,) = features_of(["view"], settings)
    assert found_RF.shape == (1, 2048)
    assert found_RF[0, :4].tolist() == [1, 2, 3, 0]
    assert not found_RF[0, 3:].any()


def test_more_features_than_the_store_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert width_of(open_with(monkeypatch, 2048), PLACE) == 2048
    with pytest.raises(UserError, match="at most 2048 features; found 2049"):
        width_of(open_with(monkeypatch, 2049), PLACE)


@pytest.mark.parametrize("wrong", [65536.0, -65536.0, np.inf, np.nan])
def test_what_float16_cannot_hold_is_refused_with_the_image(wrong: float) -> None:
    fitting = np.array([[65504.0, -65504.0, 0.1]], np.float32)
    assert as_float16(fitting, "coco:1").tolist() == [[65504.0, -65504.0, np.float16(0.1)]]
    with pytest.raises(UserError, match="in coco:1"):
        as_float16(np.array([[1.0, wrong]], np.float32), "coco:1")
