"""Initial weights: every parameter from a generator of its own, so that a new head changes no other weight."""

from __future__ import annotations

import hashlib
import math

import torch
from torch import nn

from model.plugins import choose

_STD = 0.02  # BERT's, and the paper's by silence


def initialise(model: nn.Module, *, seed: int, scheme: str) -> None:
    """Normal weights, zero biases, layer norms 1 and 0; parameters outside these layers keep what they were made with.

    `scheme` sets the spread of linear layers: `bert` is 0.02, `fan_in` is 0.7 / sqrt(inputs), without which a network
    of width 64 hardly starts to learn. Word tables are 0.02 in both.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
        if isinstance(module, (nn.Linear, nn.Embedding)):
            std = _linear_std(scheme, module.in_features) if isinstance(module, nn.Linear) else _STD
            nn.init.normal_(module.weight, std=std, generator=_generator(seed, f"{name}.weight"))
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)


def copy_matching(model: nn.Module, weights: dict[str, torch.Tensor]) -> dict[str, list[str]]:
    """Load every tensor of `weights` that has a place of its name and shape in `model`; name what was and was not.

    Returns the names `loaded`, `dropped` (no place here) and `new` (not in `weights`: as initialised), sorted.
    """
    own = model.state_dict()
    loaded = {name for name, tensor in weights.items() if name in own and own[name].shape == tensor.shape}
    with torch.no_grad():
        for name in loaded:
            own[name].copy_(weights[name])
    return {
        "loaded": sorted(loaded),
        "dropped": sorted(set(weights) - loaded),
        "new": sorted(set(own) - loaded),
    }


def _linear_std(scheme: str, num_inputs: int) -> float:
    spreads = {"bert": _STD, "fan_in": 0.7 / math.sqrt(num_inputs)}
    return choose(spreads, scheme, where="Network.options['init']")


def _generator(seed: int, name: str) -> torch.Generator:
    digest = hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
