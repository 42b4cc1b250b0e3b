"""A tiny network of random weights as it would be published, and libraries that may not be there."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COLOURS = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25]}


@pytest.fixture(scope="session")
def tiny_resnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ResNet of 64 features and three classes, in a folder as transformers' models are published."""
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[16, 64], depths=[1, 1], layer_type="basic", num_labels=3
    )
    folder = tmp_path_factory.mktemp("resnet")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.ResNetForImageClassification(config).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(COLOURS), "utf-8")
    return folder


@pytest.fixture
def imported() -> Callable[[str], Any]:
    """A library, which may not be there, or not fit the torch that is."""

    def find(name: str) -> Any:
        try:
            return importlib.import_module(name)
        except Exception as error:
            pytest.skip(f"needs {name}, which cannot be imported here ({type(error).__name__}: {error})")

    return find
