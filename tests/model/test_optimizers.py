from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Literal

import pytest
import torch

from data.errors import UserError
from model import optimizers
from model.checkpoint import Checkpoints
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


def test_bertadams_warm_up_begins_at_zero_and_goes_by_the_updates_made_before() -> None:
    # 0/8, 1/8 of all updates are made before the first two: no and half of the warm-up of a quarter.
    spec = Optimizer(name="bertadam", learning_rate=1.0, warmup_rate=0.25)
    rates = [optimizers.learning_rate(spec, step=step, num_steps=8) for step in range(8)]
    assert rates == pytest.approx([0, 0.5, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])
    constant = dataclasses.replace(spec, schedule="constant")
    assert [optimizers.learning_rate(constant, step=step, num_steps=4) for step in range(4)] == [0, 1, 1, 1]
    without = dataclasses.replace(spec, warmup_rate=0.0)
    assert [optimizers.learning_rate(without, step=step, num_steps=4) for step in range(4)] == [1, 0.75, 0.5, 0.25]


def test_two_steps_of_bertadam_by_hand() -> None:
    # Step 1, gradient 3: m = 0.3, v = 0.009; 2 - 0.1 (0.3 / (sqrt(0.009) + 1e-6) + 0.01 x 2) = 1.681775567
    # Step 2, gradient -1: m = 0.17, v = 0.009991; less 0.05 (0.17 / (sqrt(0.009991) + 1e-6) + 0.01 x 1.681775567)
    weight = torch.nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
    spec = Optimizer(name="bertadam", learning_rate=0.1, weight_decay=0.01)
    optimizer = optimizers.build(spec, [weight])
    weight.grad = torch.tensor([3.0], dtype=torch.float64)
    optimizer.step()
    first = 2.0 - 0.1 * (0.3 / (math.sqrt(0.009) + 1e-6) + 0.02)
    assert weight.item() == pytest.approx(first, rel=1e-12) == pytest.approx(1.681775567, rel=1e-9)
    weight.grad = torch.tensor([-1.0], dtype=torch.float64)
    optimizer.param_groups[0]["lr"] = 0.05
    optimizer.step()
    second = first - 0.05 * (0.17 / (math.sqrt(0.009991) + 1e-6) + 0.01 * first)
    assert weight.item() == pytest.approx(second, rel=1e-12)


def test_bertadam_leaves_parameters_without_a_gradient_alone() -> None:
    taught, idle = (torch.nn.Parameter(torch.tensor([1.0])) for _ in range(2))
    optimizer = optimizers.build(Optimizer(name="bertadam", learning_rate=0.1, weight_decay=0.01), [taught, idle])
    taught.grad = torch.tensor([1.0])
    optimizer.step()
    assert taught.item() < 1.0
    assert idle.item() == 1.0


@pytest.mark.parametrize("name", ["adam", "adamw", "bertadam"])
def test_an_optimiser_goes_on_from_a_checkpoint_with_the_same_bits(
    name: Literal["adam", "adamw", "bertadam"], tmp_path: Path
) -> None:
    spec = Optimizer(name=name, learning_rate=0.01, weight_decay=0.01)

    def steps(weights: list[torch.nn.Parameter], optimizer: torch.optim.Optimizer, numbers: range) -> None:
        for number in numbers:
            for weight in weights:
                weight.grad = torch.randn(weight.shape, generator=torch.Generator().manual_seed(number))
            optimizer.step()

    def fresh() -> list[torch.nn.Parameter]:
        return [torch.nn.Parameter(torch.ones(3, 2)), torch.nn.Parameter(torch.ones(5))]

    weights = fresh()
    optimizer = optimizers.build(spec, weights)
    steps(weights, optimizer, range(3))
    with Checkpoints(folder=tmp_path, digest="ours") as checkpoints:
        checkpoints.save(3, {"weights": [weight.data for weight in weights], "optimizer": optimizer.state_dict()})
    steps(weights, optimizer, range(3, 6))

    state = checkpoints.newest()
    assert state is not None
    later = fresh()
    for weight, kept in zip(later, state["weights"], strict=True):
        weight.data.copy_(kept)
    other = optimizers.build(spec, later)
    other.load_state_dict(state["optimizer"])
    steps(later, other, range(3, 6))
    assert all(torch.equal(one, two) for one, two in zip(weights, later, strict=True))


def test_an_unknown_optimiser_is_refused_with_the_known_ones() -> None:
    spec = Optimizer(name="sgd", learning_rate=0.1)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="one of adam, adamw, bertadam"):
        optimizers.build(spec, [])


def test_adamw_decays_every_parameter_by_rate_times_decay() -> None:
    weight = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = optimizers.build(Optimizer(name="adamw", learning_rate=0.1, weight_decay=0.5), [weight])
    weight.grad = torch.zeros(1)
    optimizer.step()
    assert weight.item() == pytest.approx(2.0 * (1 - 0.1 * 0.5))
