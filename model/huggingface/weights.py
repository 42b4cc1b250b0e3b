"""The tensors of somebody else's weights, under the names that they have here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from model.huggingface import vision
from model.huggingface.folder import OTHER_SIZE, Folder, check_words, look, refused
from model.huggingface.kinds import Kind
from model.specs import Network

_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}  # those of TensorFlow
_BARE = ("embeddings.", "encoder.", "pooler.", "layernorm.")


def read(
    given: Mapping[str, Path], *, network: Network, tokens: Sequence[str], own: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """All tensors of what is given for each part: by our names those that have a place in `own`, others by their own.

    Of LXMERT-S from BERT that are embeddings, pooler, MLM head and as many layers as there are layers of text;
    cross-modality layers have no counterpart in it. ALBEF takes all layers of both. Raises UserError where sizes, word
    pieces or a tensor's shape are others.
    """
    tensors: dict[str, Tensor] = {}
    for part, path in given.items():
        tensors |= _read(look(path, part, network), tokens, own)
    return tensors


def _read(found: Folder, tokens: Sequence[str], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    kind = found.kind
    named = {_canonical(name, kind): tensor for name, tensor in _load(found.weights).items()}
    if kind.has_words:
        check_words(found, tokens)
    else:
        named = vision.flat(named)
    tensors: dict[str, Tensor] = {}
    for name, tensor in named.items():
        place = kind.places.get(name, "")
        if place not in own:
            tensors[name] = tensor
            continue
        fitted = vision.resized(tensor, len(own[place]), where=found.weights) if place == vision.POSITIONS else tensor
        if fitted.shape != own[place].shape:
            expected = f"{name} of shape {tuple(own[place].shape)}, as {place} has"
            raise refused(found.weights, expected, str(tuple(fitted.shape)), OTHER_SIZE)
        tensors[place] = fitted
    _check_whole(found, tensors, own)
    return tensors


def _check_whole(found: Folder, tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> None:
    """Raise UserError where nothing is taken, or where all layers are to be and some are lacking or left over."""
    kind = found.kind
    if not set(tensors) & set(own):
        first = next(iter(tensors), "no tensor")
        raise refused(found.weights, f"weights of {kind.model_type}", f"{first}, ...", "name a folder that holds them")
    if kind.layers is None:
        return
    left_over = sorted(name for name in tensors if name.startswith(kind.layers))
    if left_over:
        raise refused(found.weights, "no more layers than the network has", left_over[0], OTHER_SIZE)
    taken = {name: place for name, place in kind.places.items() if place.startswith("encoder.")}
    lacking = sorted(name for name, place in taken.items() if place not in tensors)
    if lacking:
        raise refused(found.weights, f"all of {kind.model_type} that the network takes", f"no {lacking[0]}", OTHER_SIZE)


def _canonical(name: str, kind: Kind) -> str:
    """The name that its class for pre-training has for it. A bare model's names lack the first part."""
    for old, new in _OLD_NAMES.items():
        name = name.replace(old, new)
    return f"{kind.model_type}.{name}" if name.startswith(_BARE) else name


def _load(path: Path) -> dict[str, Tensor]:
    try:
        content: Any = load_file(path) if path.suffix == ".safetensors" else _unpickled(path)
        return {name: tensor.float() for name, tensor in content.items()}
    except OSError:
        raise
    except Exception as error:  # of many kinds: the file may hold anything
        raise refused(
            path,
            "names of weights to tensors",
            f"{type(error).__name__}: {error}".splitlines()[0][:200],
            "save it again with transformers' save_pretrained",
        ) from error


def _unpickled(path: Path) -> Any:
    """As data alone. DeiT's files have the weights under `model`."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    return content.get("model", content)
