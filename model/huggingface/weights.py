"""The tensors of a folder of BERT's or LXMERT's weights, under the names that they have here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from model.huggingface import names
from model.huggingface.folder import PICKLED, Folder, check_words, look, refused
from model.specs import Network

_OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}  # those of TensorFlow
_ENCODER = ("embeddings.", "encoder.", "pooler.")
_SENTENCES = "cls.seq_relationship."  # BERT's asks whether two sentences follow each other: nothing of a match


def read(path: Path, *, network: Network, tokens: Sequence[str], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All tensors of the folder: those that have a place in `own` by its name for it, others by their own names.

    Of BERT that are embeddings, pooler, MLM head and as many layers as there are layers of text; cross-modality layers
    have no counterpart in it. Raises UserError where sizes, word pieces or a tensor's shape are others.
    """
    found = look(path, network)
    check_words(found, tokens)
    places = {theirs: mine for mine, theirs in {**names.encoder_names(network), **names.HEADS}.items()}
    tensors: dict[str, Tensor] = {}
    for name, tensor in _load(found).items():
        place = places.get(_canonical(name, found.kind), "")
        if place not in own:
            tensors[name] = tensor
            continue
        if tensor.shape != own[place].shape:
            raise refused(
                found.weights,
                f"{name} of shape {tuple(own[place].shape)}, as {place} has",
                str(tuple(tensor.shape)),
                "train a network of that size, or start from other weights",
            )
        tensors[place] = tensor
    if not set(tensors) & set(own):
        first = next(iter(tensors), "no tensor")
        raise refused(found.weights, f"weights of {found.kind}", f"{first}, ...", "name a folder that holds them")
    return tensors


def _canonical(name: str, kind: str) -> str:
    """The name that LxmertForPreTraining has for it, if it has one. A bare model's names lack the first part."""
    for old, new in _OLD_NAMES.items():
        name = name.replace(old, new)
    bare = name.removeprefix(f"{kind}.")
    if kind == "bert" and bare.startswith(_SENTENCES):
        return ""
    return f"{names.PREFIX}{bare}" if bare.startswith(_ENCODER) else bare


def _load(found: Folder) -> dict[str, Tensor]:
    try:
        if found.weights.name == PICKLED:
            tensors = torch.load(found.weights, map_location="cpu", weights_only=True)
        else:
            tensors = load_file(found.weights)
        return {name: tensor.float() for name, tensor in tensors.items()}
    except OSError:
        raise
    except Exception as error:  # of many kinds: the file may hold anything
        raise refused(
            found.weights,
            "names of weights to tensors",
            f"{type(error).__name__}: {error}".splitlines()[0][:200],
            "save it again with transformers' save_pretrained",
        ) from error
