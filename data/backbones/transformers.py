"""Hugging Face transformers' convolutional models: `backbone = transformers:resnet`, `weights` a folder as published.

The name is the `model_type` of the folder's config.json; beside it lie model.safetensors and preprocessor_config.json,
which tells mean and deviation of the colours. https://huggingface.co/docs/transformers/main_classes/model
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.backbones import Backbone, BackboneSettings, no_library
from data.errors import UserError
from data.regions import weights
from data.regions.feature_maps import Network, library, opening, unknown_model
from data.regions.weights import first_line

if TYPE_CHECKING:
    from torch import Tensor

_HEAD = ("classifier",)
_USUAL = {"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "do_flip_channel_order": False}


def _network(settings: BackboneSettings) -> Network:
    transformers = library("transformers", settings)
    known = transformers.CONFIG_MAPPING.keys()
    if settings.model not in known:
        raise unknown_model(settings, nearest=difflib.get_close_matches(settings.model, known, n=2))
    assert settings.weights is not None
    model_type = _read(settings.weights / "config.json").get("model_type")
    if model_type != settings.model:
        raise weights.misfit(settings, f"those of the architecture {model_type}")
    colours = _colours(settings.weights / "preprocessor_config.json")
    model = _model(transformers, settings)

    def last_map(pictures_BCSS: Tensor) -> Tensor:
        found: Tensor = model(pictures_BCSS).last_hidden_state
        return found

    return Network(model=model, last_map=last_map, **colours)


def _model(transformers: Any, settings: BackboneSettings) -> Any:
    import torch

    transformers.utils.logging.set_verbosity_error()  # what does not fit is said in our own words
    transformers.utils.logging.disable_progress_bar()
    try:
        model, loaded = transformers.AutoModel.from_pretrained(
            settings.weights,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=torch.float32,
        )
    except ImportError as error:  # it imports what it needs only now
        raise no_library("transformers", settings, found=f"{type(error).__name__}: {first_line(error)}") from error
    except Exception as error:  # of many kinds: the folder may hold anything
        if getattr(error, "errno", None) is not None:
            raise
        raise weights.misfit(settings, f"{type(error).__name__}: {first_line(error)}") from error
    weights.check_fit(settings, missing=loaded["missing_keys"], unexpected=loaded["unexpected_keys"], head=_HEAD)
    return model


def _colours(path: Path) -> dict[str, tuple[float, ...]]:
    """Mean and deviation of the colours. Raises UserError where pictures are to be prepared in any other way."""
    given = _read(path)
    for name, usual in _USUAL.items():
        if given.get(name, usual) != usual:
            raise _not_as_published(path, f"{name} {usual}", repr(given[name]))
    mean_C, deviation_C = (_numbers(given.get(name)) for name in ("image_mean", "image_std"))
    if len(mean_C) != 3 or len(deviation_C) != 3 or min(deviation_C) <= 0:
        found = f"image_mean {given.get('image_mean')}, image_std {given.get('image_std')}"
        raise _not_as_published(path, "image_mean and image_std, three numbers each", found)
    return {"mean_C": mean_C, "deviation_C": deviation_C}


def _numbers(given: Any) -> tuple[float, ...]:
    return tuple(each for each in given if isinstance(each, float | int)) if isinstance(given, list) else ()


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise _not_as_published(path, "the file", "none") from error
    except (ValueError, RecursionError) as error:
        raise _not_as_published(path, "JSON", str(error)) from error
    if not isinstance(found, dict):
        raise _not_as_published(path, "a JSON object", f"a {type(found).__name__}")
    return found


def _not_as_published(path: Path, expected: str, found: str) -> UserError:
    return UserError(
        expected=expected,
        found=found,
        where=f"{path} ([RegionFeatures] weights)",
        way_out="name a folder as published: config.json, preprocessor_config.json, model.safetensors; or another's",
    )


BACKBONE = Backbone(open=opening(_network), libraries=("torch", "transformers"), weights="folder")
