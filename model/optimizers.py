"""Optimisers and their learning rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

from model.specs import Optimizer


def build(spec: Optimizer, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Adam or AdamW on all parameters alike; the weight decay spares none, as in LXMERT's BertAdam."""
    kinds: dict[str, Callable[..., torch.optim.Optimizer]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    # The fused step makes one pass over the weights; the default one was nine times slower at the paper's size.
    return kinds[spec.name](
        parameters, lr=spec.learning_rate, betas=spec.betas, weight_decay=spec.weight_decay, fused=True
    )


def learning_rate(spec: Optimizer, *, step: int, num_steps: int) -> float:
    """The rate of update `step` (from 0): linear warm-up, then constant or linear down to 0 after the last update."""
    num_warmup = int(spec.warmup_rate * num_steps)
    if step < num_warmup:
        return spec.learning_rate * (step + 1) / num_warmup
    shares = {"constant": 1.0, "linear": (num_steps - step) / (num_steps - num_warmup)}
    return spec.learning_rate * shares[spec.schedule]
