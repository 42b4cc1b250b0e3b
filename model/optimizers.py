"""Optimisers and their learning rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from model.plugins import choose
from model.specs import Optimizer

_BERT_EPSILON = 1e-6
_UNCORRECTED_STEP = 2.0**23  # a float32 still counts from here; any beta up to 0.99999 is 0 to the power of it


def build(spec: Optimizer, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Adam, AdamW or BertAdam on all parameters alike; the weight decay spares none, as in LXMERT's BertAdam."""
    kind = choose(_KINDS, spec.name, where="optimizer, name")
    return kind.optimizer(parameters, lr=spec.learning_rate, betas=spec.betas, weight_decay=spec.weight_decay)


def learning_rate(spec: Optimizer, *, step: int, num_steps: int) -> float:
    """The rate of update `step` (from 0): linear warm-up, then constant or linear down to 0 after the last update."""
    return choose(_KINDS, spec.name, where="optimizer, name").rate(spec, step, num_steps)


def _bert_adam(
    parameters: Iterable[nn.Parameter], *, lr: float, betas: tuple[float, float], weight_decay: float
) -> torch.optim.Optimizer:
    """p <- p - rate x (m / (sqrt(v) + 1e-6) + decay x p), m and v Adam's: AdamW without its bias correction.

    That is AdamW counting its steps from so late on that 1 - beta^step is 1, which keeps the fused step.
    Source: src/lxrt/optimization.py of https://github.com/airsplay/lxmert.
    """
    optimizer = torch.optim.AdamW(
        parameters, lr=lr, betas=betas, eps=_BERT_EPSILON, weight_decay=weight_decay, fused=True
    )
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            optimizer.state[parameter] = {
                "step": torch.tensor(_UNCORRECTED_STEP, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
    return optimizer


def _rate_by_updates(spec: Optimizer, step: int, num_steps: int) -> float:
    """The first update has the first share of the warm-up, the last of the warm-up has all of it."""
    num_warmup = int(spec.warmup_rate * num_steps)
    if step < num_warmup:
        return spec.learning_rate * (step + 1) / num_warmup
    shares = {"constant": 1.0, "linear": (num_steps - step) / (num_steps - num_warmup)}
    return spec.learning_rate * shares[spec.schedule]


def _rate_by_progress(spec: Optimizer, step: int, num_steps: int) -> float:
    """BertAdam's rule: by the share of updates made before this one, so that a warm-up begins with a rate of 0."""
    progress = step / num_steps
    if progress < spec.warmup_rate:
        return spec.learning_rate * progress / spec.warmup_rate
    shares = {"constant": 1.0, "linear": (1 - progress) / (1 - spec.warmup_rate)}
    return spec.learning_rate * shares[spec.schedule]


@dataclass(frozen=True, kw_only=True)
class _Kind:
    optimizer: Callable[..., torch.optim.Optimizer]
    rate: Callable[[Optimizer, int, int], float] = _rate_by_updates


_KINDS: Mapping[str, _Kind] = {
    # The fused step makes one pass over the weights; the default one was nine times slower at the paper's size.
    "adam": _Kind(optimizer=partial(torch.optim.Adam, fused=True)),
    "adamw": _Kind(optimizer=partial(torch.optim.AdamW, fused=True)),
    "bertadam": _Kind(optimizer=_bert_adam, rate=_rate_by_progress),
}
