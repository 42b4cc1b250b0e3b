"""LXMERT-S once more, as plainly as it can be written: what the quick one is held against.

Legend: B rows, L word pieces, R regions, D width, H heads, Q queries, K keys.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from model.batch import Output
from model.exercise import Shown
from model.networks.lxmert_s import LxmertS
from tests.model.worked import uncompared


def forward(network: LxmertS, shown: Shown, *, num_heads: int) -> Output:
    """The hidden states by the parameters of `network`, without dropout."""
    weights = dict(network.named_parameters())
    length = shown.text_BL.shape[1]
    words_VD = weights["embeddings.words.weight"]
    text_BLD = words_VD[shown.text_BL] + weights["embeddings.positions.weight"][torch.arange(length)]
    text_BLD = _norm(text_BLD + weights["embeddings.types.weight"][0], weights, "embeddings.norm")
    features_BRD = _norm(
        _linear(shown.regions_BRF.float(), weights, "vision.features"), weights, "vision.features_norm"
    )
    boxes_BRD = _norm(_linear(shown.boxes_BR4, weights, "vision.boxes"), weights, "vision.boxes_norm")
    regions_BRD = (features_BRD + boxes_BRD) / 2
    everywhere_BR = torch.ones(regions_BRD.shape[:2], dtype=torch.bool)
    for number in range(len(network.layers)):

        def attend(name: str, queries: Tensor, context: Tensor, mask: Tensor, layer: int = number) -> Tensor:
            return _attend(queries, context, mask, weights, f"layers.{layer}.{name}_attention", num_heads)

        crossed_text = attend("cross", text_BLD, regions_BRD, everywhere_BR)
        crossed_regions = attend("cross", regions_BRD, text_BLD, shown.text_mask_BL)
        text_BLD = attend("text", crossed_text, crossed_text, shown.text_mask_BL)
        regions_BRD = attend("regions", crossed_regions, crossed_regions, everywhere_BR)
        text_BLD = _feed_forward(text_BLD, weights, f"layers.{number}.text_feed_forward")
        regions_BRD = _feed_forward(regions_BRD, weights, f"layers.{number}.regions_feed_forward")
    pooled_BD = torch.tanh(_linear(text_BLD[:, 0], weights, "pooler"))
    return Output(
        text_BLD=text_BLD,
        regions_BRD=regions_BRD,
        pooled_BD=pooled_BD,
        words_VD=words_VD,
        **uncompared(len(text_BLD)),
    )


def _attend(
    queries_BQD: Tensor, context_BKD: Tensor, mask_BK: Tensor, weights: dict[str, Tensor], name: str, num_heads: int
) -> Tensor:
    queries, keys, values = (
        torch.stack(_linear(states, weights, f"{name}.{part}").chunk(num_heads, dim=-1), dim=1)
        for part, states in (("query", queries_BQD), ("key", context_BKD), ("value", context_BKD))
    )
    scores_BHQK = queries @ keys.transpose(-1, -2) / math.sqrt(queries.shape[-1])
    scores_BHQK = scores_BHQK.masked_fill(~mask_BK[:, None, None, :], -torch.inf)
    attended_BQD = torch.cat((scores_BHQK.softmax(-1) @ values).unbind(1), dim=-1)
    return _norm(_linear(attended_BQD, weights, f"{name}.output") + queries_BQD, weights, f"{name}.norm")


def _feed_forward(states: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    inner = functional.gelu(_linear(states, weights, f"{name}.inner"))
    return _norm(_linear(inner, weights, f"{name}.outer") + states, weights, f"{name}.norm")


def _linear(states: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    return functional.linear(states, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _norm(states: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    return functional.layer_norm(states, states.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-12)
