"""Masked images: what is dropped never reaches the network, and the loss beside a plain reference."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from data.errors import UserError
from model.batch import Batch, Draws
from model.corruptions import drop_patches
from model.exercise import Exercise, dress
from model.facts import Facts
from model.learner import Learner
from model.objectives.mim import Mim, build, waves
from model.regions import features
from model.specs import Network, Objective
from tests.model import tiny_kinds, tiny_pictures
from tests.model.worked import Table, small_batch, small_output, small_rows

DECODER = {"layers": 2, "width": 8, "heads": 2}
SQUARE = {"num_regions": 4, "region_feature_size": 48}


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    return tiny_pictures.tiny_facts(tiny_pictures.write(tmp_path / "pictures"))


def network(**changes: Any) -> Network:
    return tiny_kinds.momo(dropout_rate=0.0, **changes)


def dropped(batch: Batch, facts: Facts, *, rate: float = 0.5) -> Batch:
    corrupt = drop_patches.build({"rate": rate}, facts=facts, rows=small_rows(*range(4)))
    return corrupt(batch, Draws(seed=1, epoch=0))


def made(pupil: Learner, batch: Batch, numbers_SF: Tensor) -> Exercise:
    return dress(batch, pupil.ask(batch), Table(numbers_SF))


def test_as_many_pieces_of_every_row_stay_and_their_columns_with_them(tiny_facts: Facts) -> None:
    clean = small_batch(num_rows=3, num_regions=8)
    batch = dropped(clean, tiny_facts, rate=0.75)
    assert batch.places_BR.shape == (3, 2)
    assert (batch.places_BR.diff(dim=1) > 0).all()
    assert torch.equal(batch.sources_BR, torch.arange(3)[:, None] * 8 + batch.places_BR)
    assert torch.equal(batch.true_sources(), batch.sources_BR)
    for row, places in enumerate(batch.places_BR.tolist()):
        assert torch.equal(batch.boxes_BR4[row], clean.boxes_BR4[row, places])
        assert batch.dropped()[row].nonzero()[:, 0].tolist() == sorted(set(range(8)) - set(places))


@pytest.mark.parametrize(("num_pieces", "rate", "left"), [(196, 0.75, 49), (4, 0.9, 1), (1, 0.75, 1), (6, 0.0, 6)])
def test_the_share_that_is_dropped_is_rounded_down_so_that_something_is_left(
    num_pieces: int, rate: float, left: int, tiny_facts: Facts
) -> None:
    assert dropped(small_batch(num_regions=num_pieces), tiny_facts, rate=rate).places_BR.shape == (1, left)


@pytest.mark.parametrize("rate", [1.0, -0.1, math.nan])
def test_a_rate_that_leaves_nothing_is_refused(rate: float, tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="drop_patches, rate"):
        dropped(small_batch(), tiny_facts, rate=rate)


@pytest.mark.parametrize(
    "changed",
    [
        {"masked_regions_BR": torch.tensor([[False, True, False, False]])},
        {"triplets_BR": torch.tensor([[-1, 1, 1, 1]])},
        {"places_BR": torch.tensor([[0, 1, 2]])},
    ],
)
def test_what_was_masked_shuffled_or_dropped_before_is_refused(changed: dict[str, Tensor], tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="before whatever masks or shuffles regions"):
        dropped(small_batch(num_regions=4, **changed), tiny_facts)


def test_pieces_that_were_dropped_may_be_anything(facts: Facts) -> None:
    pupil = Learner(network(), [Objective(name="mim", options=DECODER)], facts, seed=1).eval()
    batch = dropped(small_batch(num_rows=3, num_regions=4, vocabulary_size=14), facts)
    numbers_SF = torch.randn(12, 48, generator=torch.Generator().manual_seed(4))
    is_dropped_S = batch.dropped().flatten()
    broken_SF = numbers_SF.masked_fill(is_dropped_S[:, None], torch.nan)
    plain, broken = made(pupil, batch, numbers_SF), made(pupil, batch, broken_SF)
    assert broken.shown.regions_BRF.shape == (3, 2, 48)
    assert torch.equal(broken.shown.regions_BRF, plain.shown.regions_BRF)
    head = pupil.head("mim")
    assert isinstance(head, Mim)
    (output,) = (output for _, output in pupil.outputs(plain))
    (again,) = (output for _, output in pupil.outputs(broken))
    assert torch.equal(again.pooled_BD, output.pooled_BD)
    assert torch.equal(head._decoded(broken.shown, again), head._decoded(plain.shown, output))
    assert pupil.losses(plain).isfinite().all()
    assert broken.asks["mim"][0].targets_N.isnan().all()  # the targets alone are what was dropped


def plain_loss(head: Mim, patches_RF: Tensor, kept: list[int], states_SD: Tensor, cls_D: Tensor) -> list[float]:
    """Of one row, patch by patch."""
    tokens = [head.narrow(cls_D) + head.positions[0]]
    for place in range(len(patches_RF)):
        content_W = head.narrow(states_SD[kept.index(place)]) if place in kept else head.empty.weight[0]
        tokens.append(content_W + head.positions[place + 1])
    states_1KW = torch.stack(tokens)[None]
    for layer in head.decoder.layers:
        states_1KW = layer(states_1KW)
    found = []
    for place in sorted(set(range(len(patches_RF))) - set(kept)):
        predicted_F = head.pixels(head.decoder.norm(states_1KW)[0, place + 1])
        patch = [float(number) for number in patches_RF[place]]
        mean = sum(patch) / len(patch)
        variance = sum((number - mean) ** 2 for number in patch) / (len(patch) - 1)
        wanted = [(number - mean) / math.sqrt(variance + 1e-6) for number in patch]
        errors = [(float(guess) - right) ** 2 for guess, right in zip(predicted_F, wanted, strict=True)]
        found.append(sum(errors) / len(errors))
    return found


def test_the_loss_is_that_of_a_plain_reference(facts: Facts) -> None:
    pupil = Learner(network(), [Objective(name="mim", options=DECODER)], facts, seed=1).eval()
    head = pupil.head("mim")
    assert isinstance(head, Mim)
    batch = dropped(small_batch(num_rows=2, num_regions=4), facts)
    numbers_SF = torch.randn(8, 48, generator=torch.Generator().manual_seed(4))
    exercise = made(pupil, batch, numbers_SF)
    with torch.no_grad():
        ((_, output),) = pupil.outputs(exercise)
        expected = [
            loss
            for row, kept in enumerate(batch.places_BR.tolist())
            for loss in plain_loss(
                head, numbers_SF[4 * row : 4 * row + 4], kept, output.regions_BRD[row], output.pooled_BD[row]
            )
        ]
        (losses_N,) = head.losses(exercise.asks["mim"], exercise.shown, output)
    assert losses_N.tolist() == pytest.approx(expected, rel=1e-4)


def test_without_norm_pix_the_pixels_themselves_are_asked(tiny_facts: Facts) -> None:
    head = build({**DECODER, "norm_pix": False}, network=network(), facts=tiny_facts)
    assert isinstance(head, Mim)
    assert head.targets(torch.tensor([[1.0, 3.0]])).tolist() == [[1.0, 3.0]]
    plain = build(DECODER, network=network(), facts=tiny_facts)
    assert isinstance(plain, Mim)
    root = math.sqrt(2 + 1e-6)
    assert plain.targets(torch.tensor([[1.0, 3.0]])).flatten().tolist() == pytest.approx([-1 / root, 1 / root])


def test_blind_predictors_know_the_mean_patch_and_the_mean_of_the_visible_ones(tiny_facts: Facts) -> None:
    """Numbers of 4 places in 2 rows; place 3 is dropped. By hand: means of 1 and 3 in training, then 5 is asked."""
    head = build(
        {**DECODER, "norm_pix": False}, network=network(num_regions=4, region_feature_size=1), facts=tiny_facts
    )
    places_BR = torch.tensor([[0, 1, 2]])
    batch = small_batch(num_regions=4)
    batch = dataclasses.replace(batch, places_BR=places_BR, sources_BR=places_BR)
    judge = head.judge()

    def shown(numbers: list[float]) -> Exercise:
        return dress(batch, {"mim": head.ask(batch)}, Table(torch.tensor(numbers)[:, None]))

    for training in ([0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 3.0]):
        judge.learn(shown(training).asks["mim"])
    held_out = shown([0.0, 3.0, 6.0, 5.0])
    output = small_output(batch, width=16, regions_BRD=torch.zeros(1, 3, 16))
    with torch.no_grad():
        judge.score(held_out.asks["mim"], held_out.shown, output)
    blind = judge.result().blind
    assert blind == {"mean patch": pytest.approx((5 - 2) ** 2), "mean of the visible patches": pytest.approx(4)}


def test_places_are_told_apart_and_the_first_token_has_none() -> None:
    for num_places, width in ((4, 8), (9, 6), (6, 5)):
        waves_KW = waves(num_places, width)
        assert waves_KW.shape == (num_places + 1, width)
        assert not waves_KW[0].any()
        distances = torch.cdist(waves_KW[1:], waves_KW[1:]) + torch.eye(num_places)
        assert (distances > 0.01).all()


@pytest.mark.parametrize("wrong", [{"layers": 0}, {"width": 7}, {"heads": 3}, {"depth": 1}])
def test_a_decoder_that_cannot_be_is_refused(wrong: dict[str, Any], tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="mim"):
        build({**DECODER, **wrong}, network=network(), facts=tiny_facts)


def test_on_pairs_it_is_learnt_beside_the_words(facts: Facts) -> None:
    pupil = Learner(network(), [Objective(name="mim", options=DECODER)], facts, seed=1).eval()
    batch = dropped(small_batch(num_rows=2, num_regions=4, vocabulary_size=14), facts)
    other = dataclasses.replace(batch, text_BL=batch.text_BL.flip(1))
    numbers_SF = torch.randn(8, 48, generator=torch.Generator().manual_seed(4))
    losses = [pupil.losses(made(pupil, each, numbers_SF)).item() for each in (batch, other)]
    assert losses[0] != losses[1]


def test_a_showing_takes_the_pieces_of_the_one_just_before_it_alone(tiny_facts: Facts) -> None:
    whole = small_batch(num_rows=2, num_regions=4)
    part = dropped(whole, tiny_facts)
    batch = dataclasses.replace(part, more=(whole, part, part))
    exercise = dress(batch, {}, Table(torch.randn(8, 2, generator=torch.Generator().manual_seed(4))))
    assert [again.has_same_image for again in exercise.more] == [False, False, True]
    assert [again.regions_BRF.shape[1] for again in exercise.more] == [4, 2, 2]
    assert [again.places_BR is None for again in exercise.more] == [True, False, False]


def test_where_dropped_regions_lie_is_told_to_the_decoder_and_not_to_the_encoder(tiny_facts: Facts) -> None:
    regions = network(images="regions", num_regions=8, region_feature_size=6)
    pupil = Learner(regions, [Objective(name="mim", options=DECODER)], tiny_facts, seed=1).eval()
    batch = dropped(small_batch(num_rows=2, num_regions=8), tiny_facts)
    assert batch.all_boxes_BP4 is not None
    moved_BP4 = batch.all_boxes_BP4 + 0.5 * batch.dropped()[:, :, None]
    numbers_SF = torch.randn(16, 6, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        exercises = [
            made(pupil, dataclasses.replace(batch, all_boxes_BP4=boxes), numbers_SF)
            for boxes in (batch.all_boxes_BP4, moved_BP4)
        ]
        here, there = (next(iter(pupil.outputs(exercise)))[1].regions_BRD for exercise in exercises)
        losses = [pupil.losses(exercise).item() for exercise in exercises]
    assert torch.equal(here, there)
    assert losses[0] != losses[1]
    halves = [exercises[1].part(rows).shown.all_boxes_BP4 for rows in (slice(0, 1), slice(1, 2))]
    assert torch.equal(torch.cat([half for half in halves if half is not None]), moved_BP4)


def test_dropped_pieces_of_pictures_are_asked_for_as_the_row_sees_them(facts: Facts, tmp_path: Path) -> None:
    clean = tiny_kinds.clean(tiny_kinds.write_images(tmp_path / "images"), "image", facts)
    batch = dataclasses.replace(dropped(clean, facts), draws=Draws(seed=1, epoch=0))
    pupil = Learner(network(), [Objective(name="mim", options=DECODER)], facts, seed=1)
    store = features(facts.store, "cpu")
    exercise = dress(batch, pupil.ask(batch), store)
    whole_BRF = store.take(clean.sources_BR)
    np.testing.assert_array_equal(exercise.asks["mim"][0].targets_N, whole_BRF[batch.dropped()])
