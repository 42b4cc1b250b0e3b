"""Weights of a backbone, from the user's file into a model of a library. Nothing in a file is run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.backbones import BackboneSettings
from data.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor, nn

_NESTED = ("state_dict", "model")  # where training scripts put the weights beside an optimiser's state
_COUNTER = "num_batches_tracked"  # what batch norm needs in training alone, and old files have not
_HEADER = 9  # bytes: a safetensors file begins with the length of its JSON in eight, and the JSON


def load(model: nn.Module, settings: BackboneSettings, *, head: Sequence[str]) -> None:
    """Fill the model from the file of weights. What `head` names, a classifier's parts, need not be there or fit.

    Raises UserError where the file holds no weights, or those of another model.
    """
    weights = {name: tensor for name, tensor in _read(settings).items() if not is_of(head, name)}
    try:
        left = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:  # its first line only names the model
        raise misfit(settings, str(error).splitlines()[-1].strip()) from error
    check_fit(settings, missing=left.missing_keys, unexpected=left.unexpected_keys, head=head)


def check_fit(
    settings: BackboneSettings, *, missing: Collection[str], unexpected: Collection[str], head: Sequence[str]
) -> None:
    """Raise UserError where the model lacks weights, or weights a model, but for the parts of a head."""
    for said, names in (("without", missing), ("with", unexpected)):
        strange = sorted(name for name in names if not is_of(head, name) and not name.endswith(_COUNTER))
        if strange:
            more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
            raise misfit(settings, f"weights {said} {strange[0]}{more}")


def misfit(settings: BackboneSettings, found: str) -> UserError:
    """The error for weights that are not of the model."""
    return UserError(
        expected=f"the weights of {settings.model}",
        found=found,
        where=f"[RegionFeatures] weights = {settings.weights}",
        way_out="name the weights of this model, or under backbone the model that they are of",
    )


def is_of(head: Sequence[str], name: str) -> bool:
    """Whether a weight is part of a head, such as `fc`: `fc.weight`."""
    return any(name.startswith(f"{part}.") for part in head)


def _read(settings: BackboneSettings) -> Mapping[str, Tensor]:
    """All weights of a file by name."""
    import torch

    assert settings.weights is not None
    try:
        found = _contents(settings.weights)
    except OSError:
        raise
    except Exception as error:  # of many kinds: the file may hold anything
        raise _no_weights(settings, f"{type(error).__name__}: {first_line(error)}") from error
    for name in _NESTED:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping):
        raise _no_weights(settings, f"a {type(found).__name__}")
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise _no_weights(settings, f"a {type(value).__name__} under {name!r}")
    return found


def _contents(path: Path) -> Any:
    import torch
    from safetensors.torch import load_file

    with path.open("rb") as file:
        is_safetensors = file.read(_HEADER)[-1:] == b"{"
    return load_file(path) if is_safetensors else torch.load(path, map_location="cpu", weights_only=True)


def _no_weights(settings: BackboneSettings, found: str) -> UserError:
    return UserError(
        expected="a safetensors file, or a state dict that torch saved: names of weights to tensors",
        found=found,
        where=f"[RegionFeatures] weights = {settings.weights}",
        way_out="save it as torch.save(model.state_dict(), path), or as safetensors",
    )


def first_line(error: Exception) -> str:
    """What an error says, as far as the end of its first line."""
    return next(iter(str(error).splitlines()), "")
