from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from data.errors import UserError
from data.pictures.store import PictureStore
from model import regions
from model.batch import HIDDEN, Batch, Draws
from model.exercise import Exercise, dress
from model.feed import Exercises, Feed
from model.learner import Learner
from model.patches import Grid
from model.specs import Corruption, Objective, Showing, Stream
from tests.model import tiny_pictures
from tests.model.tiny import TinySet
from tests.model.tiny_pictures import PLAIN, albef
from tests.model.tiny_specs import tiny_network

GRIT = Stream(
    corpus="sentence",
    max_length=12,
    batch_size=6,
    corruptions=(),
    objectives=(Objective(name="itc"), Objective(name="consistency", weight=0.2), Objective(name="itm_in_batch")),
    more=(
        Showing(
            corruptions=(Corruption(name="mask_words", options={"rate": 0.5}),), objectives=(Objective(name="mlm"),)
        ),
    ),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PictureStore:
    return tiny_pictures.write(tmp_path_factory.mktemp("pictures"))


def feed(tiny: TinySet, store: PictureStore, **view: object) -> tuple[Feed, Learner, Exercises]:
    known = tiny_pictures.tiny_facts(store)
    feed = Feed(
        dataclasses.replace(GRIT, view={**PLAIN, **view}), corpus=tiny.corpus, split="train", facts=known, seed=1
    )
    learner = Learner(albef(), GRIT.all_objectives(), known, seed=1)
    return feed, learner, Exercises(feed, learner.ask, regions.features(known.store, "cpu"))


def test_a_square_is_cut_into_patches_from_left_to_right_and_from_top_to_bottom() -> None:
    grid = Grid(num_across=2, patch_px=1)
    pixels = torch.arange(12).view(1, 3, 2, 2)  # red 0 1 / 2 3, green 4 5 / 6 7, blue 8 9 / 10 11
    assert grid.cut(pixels).tolist() == [[[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]]]
    assert grid.boxes().tolist() == [[0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1], [0.5, 0.5, 1, 1]]


def test_the_grid_is_that_of_the_network_and_there_must_be_one() -> None:
    assert Grid.of(albef(num_regions=256, region_feature_size=768)) == Grid(num_across=16, patch_px=16)
    assert Grid(num_across=16, patch_px=16).size_px == 256
    with pytest.raises(UserError, match="256 and 768"):
        Grid.of(tiny_network())


def test_a_training_that_alters_nothing_sees_pictures_as_an_evaluation_does(tiny: TinySet, store: PictureStore) -> None:
    made, _, _ = feed(tiny, store)
    features = tiny_pictures.tiny_facts(store).store.features("cpu")  # type: ignore[union-attr]  # patches
    batch = next(made.batches(0))
    rows_BR = torch.arange(batch.size)[:, None].expand_as(batch.sources_BR)
    seen = features.seen_by(batch).take(batch.sources_BR, rows_BR)
    assert seen.shape == (6, 4, 48)
    torch.testing.assert_close(seen, features.take(batch.sources_BR))
    left, right = seen[0, 0].view(3, 16).mean(1), seen[0, 1].view(3, 16).mean(1)
    assert torch.equal(seen[0, 0], seen[0, 2])  # one colour from top to bottom
    assert (left - right).abs().max() > 0.5 or torch.equal(left, right)


def test_hidden_patches_are_zeros_and_those_of_other_pictures_are_not_shown(tiny: TinySet, store: PictureStore) -> None:
    made, _, _ = feed(tiny, store)
    features = tiny_pictures.tiny_facts(store).store.features("cpu")  # type: ignore[union-attr]
    batch = next(made.batches(0))
    sources_BR = batch.sources_BR.clone()
    sources_BR[0, 1] = HIDDEN
    rows_BR = torch.arange(batch.size)[:, None].expand_as(sources_BR)
    seen = features.seen_by(batch).take(sources_BR, rows_BR)
    assert not seen[0, 1].any()
    assert seen[0, 0].any()
    sources_BR[0, 1] = batch.sources_BR[1, 1]
    if batch.images_B[0] == batch.images_B[1]:
        sources_BR[0, 1] = (batch.sources_BR[0, 1] + 4) % 96
    with pytest.raises(UserError, match="own picture"):
        features.seen_by(batch).take(sources_BR, rows_BR)


def test_rows_see_their_pictures_by_their_own_draws(tiny: TinySet, store: PictureStore) -> None:
    made, _, _ = feed(tiny, store, crop_scale=(0.2, 1.0), flip_rate=0.5)
    features = tiny_pictures.tiny_facts(store).store.features("cpu")  # type: ignore[union-attr]
    clean = made.corrupted(made.clean(np.array([2, 2, 3])), Draws(seed=1, epoch=0))  # of an image of two colours
    keyed = dataclasses.replace(clean, keys_B=np.array([1, 2, 3], np.uint64))

    def seen(batch: Batch) -> torch.Tensor:
        return features.seen_by(batch).take(
            batch.sources_BR, torch.arange(batch.size)[:, None].expand_as(batch.sources_BR)
        )

    first = seen(keyed)
    assert torch.equal(first, seen(keyed))
    assert not torch.equal(first[0], first[1])
    later = seen(dataclasses.replace(keyed, draws=Draws(seed=1, epoch=1)))
    assert not torch.equal(first, later)


def test_pairs_are_shown_as_they_are_and_again_with_words_masked_beside_the_same_picture(
    tiny: TinySet, store: PictureStore
) -> None:
    _, learner, exercises = feed(tiny, store)
    exercise = next(exercises.batches(0))
    (again,) = exercise.more
    assert again.has_same_image
    assert again.regions_BRF is exercise.shown.regions_BRF
    assert not torch.equal(again.text_BL, exercise.shown.text_BL)
    assert exercise.asks_of == (("itc", "consistency", "itm_in_batch"), ("mlm",))
    assert exercise.num_positions == exercise.shown.text_BL.numel() * 2 + 6 * 4
    calls = []
    learner.encoder.vision.register_forward_hook(lambda *_: calls.append(1))  # type: ignore[union-attr, operator]
    losses = learner.losses(exercise, ("mlm", "itc", "consistency", "itm_in_batch"))
    assert len(calls) == 1
    assert losses.isfinite().all()
    losses.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in learner.encoder.parameters())


def test_it_learns_which_text_is_of_which_picture(tiny: TinySet, store: PictureStore) -> None:
    _, learner, exercises = feed(tiny, store)
    learner.eval()
    optimizer = torch.optim.AdamW(learner.parameters(), lr=5e-3)

    def losses(exercise: Exercise) -> torch.Tensor:
        return learner.losses(exercise, ("itc", "itm_in_batch", "mlm"))

    before = losses(next(exercises.batches(0))).detach()
    for epoch in range(12):
        for exercise in exercises.batches(epoch):
            optimizer.zero_grad()
            losses(exercise).sum().backward()
            optimizer.step()
    after = losses(next(exercises.batches(0))).detach()
    assert (after < torch.tensor([0.5, 0.95, 0.6]) * before).all()


def test_a_part_of_a_batch_has_its_part_of_every_showing(tiny: TinySet, store: PictureStore) -> None:
    made, learner, exercises = feed(tiny, store)
    batch = next(made.batches(0))
    whole = dress(batch, learner.ask(batch, ("mlm",)), exercises._features)
    half = whole.part(slice(0, 3))
    assert torch.equal(half.more[0].text_BL, whole.more[0].text_BL[:3])
    with pytest.raises(UserError, match="whole batches"):
        dress(batch, learner.ask(batch), exercises._features).part(slice(0, 3))
