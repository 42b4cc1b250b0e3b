from __future__ import annotations

import torch
from torch import nn

from model.best_epoch import BestEpoch


def run(values: list[float], *, stop_after: int | None = None) -> tuple[nn.Linear, BestEpoch]:
    """Epoch e has the weight e; its value is the e-th of `values`. Goes on in a new keeper after `stop_after`."""
    pupil = nn.Linear(1, 1, bias=False)
    remaining = iter(values)
    keeper = BestEpoch(pupil, lambda: next(remaining))
    for epoch in range(1, len(values) + 1):
        nn.init.constant_(pupil.weight, float(epoch))
        keeper(epoch, 10 * epoch)
        if epoch == stop_after:
            state = keeper.state_dict()
            keeper = BestEpoch(pupil, lambda: next(remaining))
            keeper.load_state_dict(state)
    keeper.load_best()
    return pupil, keeper


def test_the_best_epochs_weights_come_back() -> None:
    pupil, keeper = run([10.0, 30.0, 20.0])
    assert pupil.weight.item() == 2.0
    assert keeper.history()["best"] == 2
    assert keeper.history()["epochs"][2] == {"epoch": 3, "step": 30, "validation": 20.0}


def test_of_equal_epochs_the_earlier_is_kept() -> None:
    pupil, keeper = run([10.0, 30.0, 30.0])
    assert (pupil.weight.item(), keeper.history()["best"]) == (2.0, 2)


def test_an_epoch_that_scores_nothing_is_better_than_none() -> None:
    pupil, keeper = run([0.0, 0.0])
    assert (pupil.weight.item(), keeper.history()["best"]) == (1.0, 1)


def test_what_was_kept_survives_a_checkpoint() -> None:
    pupil, keeper = run([10.0, 30.0, 20.0, 30.0], stop_after=3)
    assert (pupil.weight.item(), keeper.history()["best"]) == (2.0, 2)
    assert [entry["validation"] for entry in keeper.history()["epochs"]] == [10.0, 30.0, 20.0, 30.0]


def test_the_kept_weights_do_not_follow_further_training() -> None:
    pupil, keeper = run([30.0, 10.0])
    with torch.no_grad():
        pupil.weight.add_(7.0)
    keeper.load_best()
    assert pupil.weight.item() == 1.0
