"""How many floating-point operations a training step does in matrix products: what its speed is held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

_BACKWARD_TOO = 3  # each product forward is two backward: one for its input, one for its weights


def of_step(forward: Callable[[], object]) -> float:
    """The operations of `forward` and of its gradients; it is done once, and no gradient is taken.

    Not under `no_grad`: the counter's own hooks want to know where the gradients would go.
    """
    with FlopCounterMode(display=False, custom_mapping=_NOT_COUNTED_BY_TORCH) as counter:
        forward()
    return float(_BACKWARD_TOO * counter.get_total_flops())


def _attention(query: Any, key: Any, value: Any, *others: Any, out_shape: Any = None, **options: Any) -> int:
    """Attention's two products; shapes are (rows, heads, length, width)."""
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


_NOT_COUNTED_BY_TORCH = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention}
