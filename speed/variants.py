"""Ways to compute the very same step, to be measured beside each other: how exactly, compiled or not, and parts anew.

A part that turns out to be quicker belongs into the network; here it stands in for the one that the network has.
Legend: B rows, L word pieces, R regions, S both together, H heads, Q queries, K keys, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional

from model import fast, layers, transformer
from model.learner import Learner
from model.specs import Precision
from model.transformer import Attention, CrossModalityLayer, FeedForward


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way. `parts` are names of `PARTS`."""

    precision: Precision = "bfloat16"
    is_exact: bool = False
    is_recorded: bool = False
    compiled: str = ""  # "", "layers" or "layers and heads"
    parts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is, in words."""
        said = [self.precision, "exact" if self.is_exact else "", "recorded" if self.is_recorded else ""]
        said += [f"compiled {self.compiled}" if self.compiled else "", *self.parts]
        return ", ".join(word for word in said if word)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Its parts in place, and torch as exact as it wants (`model.arithmetic.set_up`)."""
        with ExitStack() as stack:
            for part in self.parts:
                stack.enter_context(PARTS[part]())
            stack.callback(torch.use_deterministic_algorithms, torch.are_deterministic_algorithms_enabled())
            stack.callback(torch.set_float32_matmul_precision, torch.get_float32_matmul_precision())
            torch.use_deterministic_algorithms(self.is_exact)
            torch.set_float32_matmul_precision("highest" if self.is_exact else "high")
            yield

    def compile(self, learner: Learner) -> None:
        """Compile what is to be."""
        if self.compiled:
            fast.compile_layers(learner.encoder)
        if self.compiled == "layers and heads":
            for name in learner.heads:
                head = learner.head(name)
                head.loss = torch.compile(head.loss, dynamic=False)  # type: ignore[method-assign]


def bfloat16_between() -> AbstractContextManager[Any]:
    """The states between sublayers in the type of their products, not in float32: half the traffic, less exact."""

    def add_and_norm(sublayer: Attention | FeedForward, made_BKD: Tensor, states_BKD: Tensor) -> Tensor:
        normalised_BKD: Tensor = sublayer.norm(sublayer.dropout(made_BKD) + states_BKD)
        return normalised_BKD.to(made_BKD.dtype)

    return mock.patch.object(transformer, "add_and_norm", add_and_norm)


def written_out_attention() -> AbstractContextManager[Any]:
    """Attention by two products and a softmax, which a compiler can join with what stands around it."""

    def attend(
        queries_BHQD: Tensor, keys_BHKD: Tensor, values_BHKD: Tensor, mask_BK: Tensor | None, *, dropout_rate: float
    ) -> Tensor:
        scores_BHQK = queries_BHQD * queries_BHQD.shape[-1] ** -0.5 @ keys_BHKD.transpose(-1, -2)
        if mask_BK is not None:
            scores_BHQK = scores_BHQK.masked_fill(~mask_BK[:, None, None, :], -torch.inf)
        weights_BHQK = scores_BHQK.softmax(-1).to(values_BHKD.dtype)
        return functional.dropout(weights_BHQK, dropout_rate, training=dropout_rate > 0) @ values_BHKD

    return mock.patch.object(layers, "attend", attend)


@contextmanager
def joined_projections() -> Iterator[None]:
    """Queries, keys and values by one product; in the cross-attention of text and regions together, too."""
    with (
        mock.patch.object(Attention, "forward", _joined_attention),
        mock.patch.object(CrossModalityLayer, "forward", _joined_layer),
    ):
        yield


def _joined_attention(self: Attention, queries_BQD: Tensor, context_BKD: Tensor, mask_BK: Tensor | None = None) -> Any:
    assert queries_BQD is context_BKD, "only self-attention has the same input thrice"
    queries, keys, values = _projected(self, queries_BQD)
    rate = self.dropout.rate if self.training else 0.0
    attended_BHQD = layers.attend(queries, keys, values, mask_BK, dropout_rate=rate)
    return transformer.add_and_norm(self, self.output(attended_BHQD.transpose(1, 2).flatten(2)), queries_BQD)


def _joined_layer(self: CrossModalityLayer, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Any:
    cross = self.cross_attention
    both_BSD = torch.cat([text_BLD, regions_BRD.to(text_BLD.dtype)], dim=1)
    parts = [text_BLD.shape[1], regions_BRD.shape[1]]
    text, regions = zip(*(torch.split(states, parts, dim=2) for states in _projected(cross, both_BSD)), strict=True)
    rate = cross.dropout.rate if self.training else 0.0
    attended = [
        layers.attend(text[0], regions[1], regions[2], None, dropout_rate=rate),
        layers.attend(regions[0], text[1], text[2], text_mask_BL, dropout_rate=rate),
    ]
    made_BSD = cross.output(torch.cat(attended, dim=2).transpose(1, 2).flatten(2))
    crossed_text, crossed_regions = torch.split(transformer.add_and_norm(cross, made_BSD, both_BSD), parts, dim=1)
    return (
        self.text_feed_forward(self.text_attention(crossed_text, crossed_text, text_mask_BL)),
        self.regions_feed_forward(self.regions_attention(crossed_regions, crossed_regions)),
    )


def _projected(attention: Attention, states_BSD: Tensor) -> tuple[Tensor, ...]:
    """Queries, keys and values, each (B, H, S, D / H)."""
    linears: list[nn.Linear] = [attention.query, attention.key, attention.value]
    weights, biases = (
        torch.cat(each) for each in zip(*((linear.weight, linear.bias) for linear in linears), strict=True)
    )
    projected = functional.linear(states_BSD, weights, biases).unflatten(-1, (3, attention.num_heads, -1))  # type: ignore[no-untyped-call]
    return tuple(projected.permute(2, 0, 3, 1, 4).unbind(0))


PARTS: Mapping[str, Callable[[], AbstractContextManager[Any]]] = {
    "bfloat16 between": bfloat16_between,
    "attention written out": written_out_attention,
    "joined projections": joined_projections,
}
