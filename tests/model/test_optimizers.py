from __future__ import annotations

from typing import Literal

import pytest
import torch

from model import optimizers
from model.specs import Optimizer


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("linear", [0.5, 1.0, 1.0, 0.75, 0.5, 0.25]), ("constant", [0.5, 1.0, 1.0, 1.0, 1.0, 1.0])],
)
def test_the_rate_warms_up_then_follows_its_schedule(
    schedule: Literal["linear", "constant"], expected: list[float]
) -> None:
    # Six updates, a third of them warm-up; the linear schedule would be at 0 with the update after the last.
    spec = Optimizer(name="adam", learning_rate=1.0, warmup_rate=1 / 3, schedule=schedule)
    assert [optimizers.learning_rate(spec, step=step, num_steps=6) for step in range(6)] == expected


def test_adamw_decays_every_parameter_by_rate_times_decay() -> None:
    weight = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = optimizers.build(Optimizer(name="adamw", learning_rate=0.1, weight_decay=0.5), [weight])
    weight.grad = torch.zeros(1)
    optimizer.step()
    assert weight.item() == pytest.approx(2.0 * (1 - 0.1 * 0.5))
