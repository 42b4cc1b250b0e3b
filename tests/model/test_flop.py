from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from model.flop import of_step


def test_a_product_counts_forward_and_twice_backward() -> None:
    layer, inputs = nn.Linear(5, 7), torch.ones(3, 5)
    assert of_step(lambda: layer(inputs)) == 3 * 2 * 3 * 5 * 7


def test_attention_counts_its_two_products() -> None:
    states = torch.ones(2, 4, 6, 8)  # rows, heads, length, width
    of_attention = of_step(lambda: functional.scaled_dot_product_attention(states, states, states))
    assert of_attention == 3 * 2 * (2 * 2 * 4 * 6 * 6 * 8)
