"""Parts that networks are made of, in the form that is quickest on each device.

Legend: B rows, H heads, Q queries, K keys, L word pieces, D width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_INTEGERS = {torch.float32: torch.int32, torch.bfloat16: torch.int16}


def dropout(states: Tensor, rate: float, *, training: bool) -> Tensor:
    """Zeros for a share `rate` of the numbers, the others as much larger.

    On the processor a share of at most 2^-16 away from `rate`. torch's own dropout took a tenth of a step there, since
    it draws each number's fate by itself; here one draw of 64 bits decides two or four. It comes from torch's global
    generator, as on a GPU.
    """
    if not training or rate == 0.0:
        return states
    if states.is_cuda:
        return functional.dropout(states, rate)
    dropped: Tensor = _Dropout.apply(states, rate)  # type: ignore[no-untyped-call]
    return dropped


class Dropout(nn.Module):
    """`dropout` as a module."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, states: Tensor) -> Tensor:
        """The states, some of them zero in training."""
        return dropout(states, self.rate, training=self.training)


class _Dropout(torch.autograd.Function):
    """A number is kept by an AND of its bits with all ones, and dropped by one with all zeros."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, rate: float) -> Tensor:
        num_bits = 8 * states.element_size()
        threshold = round(rate * 2 ** (num_bits - 1))
        mask = _random_integers(states)  # of which all bits but the sign's are used
        mask.bitwise_and_(2 ** (num_bits - 1) - 1).sub_(threshold)  # below zero: dropped
        mask.bitwise_right_shift_(num_bits - 1).bitwise_not_()  # all bits become the sign's
        ctx.save_for_backward(mask)
        ctx.scale = 1.0 / (1.0 - threshold / 2 ** (num_bits - 1))
        return _masked(states, mask, ctx.scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return _masked(gradients[0], mask, ctx.scale), None


def _random_integers(like: Tensor) -> Tensor:
    """Integers with all bits drawn, of the shape and the width of floats."""
    num_words = -(-like.numel() * like.element_size() // 8)
    words = torch.empty(num_words, dtype=torch.int64).random_(-(2**63), None)
    return words.view(_INTEGERS[like.dtype])[: like.numel()].view(like.shape)


def _masked(states: Tensor, mask: Tensor, scale: float) -> Tensor:
    kept = states.contiguous().view(mask.dtype).bitwise_and(mask)
    return kept.view(states.dtype).mul_(scale)


def attend(
    queries_BHQD: Tensor, keys_BHKD: Tensor, values_BHKD: Tensor, mask_BK: Tensor | None, *, dropout_rate: float
) -> Tensor:
    """Scaled dot-product attention to the keys where `mask_BK` is True (None: to all), (B, H, Q, D).

    torch's own has no quick kernel with dropout on the processor; written out it needs less than that one's fallback.
    """
    mask_B11K = None if mask_BK is None else mask_BK[:, None, None, :]
    if dropout_rate == 0.0 or queries_BHQD.is_cuda:
        return functional.scaled_dot_product_attention(
            queries_BHQD, keys_BHKD, values_BHKD, attn_mask=mask_B11K, dropout_p=dropout_rate
        )
    scores_BHQK = queries_BHQD * queries_BHQD.shape[-1] ** -0.5 @ keys_BHKD.transpose(-1, -2)
    if mask_B11K is not None:
        scores_BHQK = scores_BHQK.masked_fill(~mask_B11K, -torch.inf)
    with torch.autocast("cpu", enabled=False):  # the softmax of bfloat16 is computed in float32 anyway
        weights_BHQK = scores_BHQK.softmax(-1)
    return dropout(weights_BHQK, dropout_rate, training=True) @ values_BHKD


class WordTable(nn.Embedding):
    """Word embeddings whose table is also a decoder's."""

    def look_up(self, text_BL: Tensor) -> tuple[Tensor, Tensor]:
        """The words' embeddings, (B, L, D), and the table, (V, D), as decoders are to use it.

        The gradient of the embeddings is added into the one that decoders leave: a second one of the table's whole
        size, nearly all zeros, took a tenth of a step.
        """
        found: tuple[Tensor, Tensor] = _LookUp.apply(self.weight, text_BL)  # type: ignore[no-untyped-call]
        return found


class _LookUp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, table_VD: Tensor, text_BL: Tensor) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(text_BL)
        return functional.embedding(text_BL, table_VD), table_VD.view_as(table_VD)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (text_BL,) = ctx.saved_tensors
        words_BLD, table_VD = gradients
        return table_VD.index_add_(0, text_BL.flatten(), words_BLD.flatten(0, 1)), None
