"""Parts of networks. Legend: B rows, H heads, Q queries, K keys, L word pieces, D width, V vocabulary."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from model.layers import WordTable, attend, dropout


@pytest.mark.parametrize(("kind", "kept"), [(torch.float32, 0.75), (torch.bfloat16, 0.75)])
def test_dropout_drops_its_share_and_makes_the_rest_as_much_larger(kind: torch.dtype, kept: float) -> None:
    torch.manual_seed(0)
    states = torch.full((99, 1001), 3.0, dtype=kind, requires_grad=True)  # no multiple of what one draw decides
    dropped = dropout(states, 0.25, training=True)
    assert set(dropped.flatten().tolist()) == {0.0, 4.0}
    assert abs(float((dropped != 0).float().mean()) - kept) < 0.01
    dropped.backward(torch.full_like(dropped, 3.0))
    assert states.grad is not None
    assert torch.equal(states.grad, dropped)  # the same numbers are dropped on the way back


def test_dropout_hits_every_place_alike() -> None:
    torch.manual_seed(0)
    kept = torch.stack([dropout(torch.ones(9, dtype=torch.bfloat16), 0.5, training=True) for _ in range(4000)]) > 0
    assert (abs(kept.float().mean(0) - 0.5) < 0.04).all()
    pairs = torch.corrcoef(kept.float().T) - torch.eye(9)
    assert (pairs.abs() < 0.08).all()


def test_dropout_goes_on_from_the_state_of_torchs_generator() -> None:
    states = torch.ones(50)
    kept = torch.get_rng_state()
    first = [dropout(states, 0.5, training=True) for _ in range(2)]
    assert not torch.equal(*first)
    torch.set_rng_state(kept)
    assert torch.equal(torch.stack(first), torch.stack([dropout(states, 0.5, training=True) for _ in range(2)]))


def test_without_training_or_at_a_rate_of_zero_nothing_is_dropped() -> None:
    states = torch.ones(5)
    assert dropout(states, 0.9, training=False) is states
    assert dropout(states, 0.0, training=True) is states


def test_attention_with_dropout_is_torchs_own_where_nothing_is_dropped() -> None:
    random = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(2, 3, length, 4, generator=random) for length in (5, 7, 7))
    mask_BK = torch.arange(7) < torch.tensor([[7], [4]])
    expected = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask_BK[:, None, None, :])
    next_to_nothing = 1e-9
    torch.testing.assert_close(attend(queries, keys, values, mask_BK, dropout_rate=next_to_nothing), expected)
    torch.testing.assert_close(attend(queries, keys, values, mask_BK, dropout_rate=0.0), expected)


def test_attention_weights_are_what_is_dropped() -> None:
    torch.manual_seed(0)
    attended = attend(
        torch.zeros(1, 1, 500, 2), torch.zeros(1, 1, 2, 2), torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]]), None,
        dropout_rate=0.5,
    )  # fmt: skip
    assert set(attended.flatten().tolist()) == {0.0, 1.0}  # half of the weight, twice as large


@pytest.mark.parametrize("is_decoded", [True, False])
def test_the_gradients_of_looking_up_and_decoding_are_one(is_decoded: bool) -> None:
    text_BL = torch.tensor([[1, 3, 1], [0, 3, 3]])
    random = torch.Generator().manual_seed(0)
    weight_VD, decode_D3, add_BLD = (torch.randn(*size, generator=random) for size in ((5, 2), (2, 3), (2, 3, 2)))
    table = WordTable(5, 2)
    with torch.no_grad():
        table.weight.copy_(weight_VD)
    words_BLD, table_VD = table.look_up(text_BL)
    plain_VD = weight_VD.clone().requires_grad_()
    for words, decoder in ((words_BLD, table_VD), (functional.embedding(text_BL, plain_VD), plain_VD)):
        loss = (words * add_BLD).sum() + (decoder @ decode_D3).square().sum() * is_decoded
        loss.backward()
    torch.testing.assert_close(table.weight.grad, plain_VD.grad)
