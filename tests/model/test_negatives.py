"""Wrong partners. Legend: B rows."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import hard_negatives
from data.errors import UserError
from model import facts, questions
from model.facts import Facts
from model.negatives import NegativeSampler
from model.questions import Questions
from tests.model.tiny import TinySet, benchmark_row, write_benchmark


def captions(folder: Path, facts: Facts, *rows: tuple[int, str]) -> Questions:
    """Training rows: an image and its caption each."""
    written = [benchmark_row(f"{number:03}", (image,), text=text) for number, (image, text) in enumerate(rows)]
    write_benchmark(folder, written, ())
    return questions.read(folder, split="train", store=facts.store, num_images=1, num_answers=0)


@given(
    rows=st.lists(st.tuples(st.integers(0, 7), st.sampled_from("abcd")), min_size=1, max_size=12),
    seed=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_wrong_partner_never_belongs_to_the_row(
    rows: list[tuple[int, str]], seed: int, tmp_path: Path, tiny_facts: Facts
) -> None:
    found = captions(tmp_path, tiny_facts, *rows)
    pairs = set(rows)
    sampler = NegativeSampler(found, tiny_facts.neighbours_NK, seed=seed)
    for row, (image, text) in enumerate(rows):
        has_image = any((other, text) not in pairs for other, _ in rows)
        has_caption = any((image, other) not in pairs for _, other in rows)
        if not (has_image and has_caption):
            with pytest.raises(UserError, match=f"row {row:03}"):
                sampler.draw(np.array([row]), 0)
            continue
        wrong = sampler.draw(np.array([row]), 0)
        assert (int(wrong.random_images_B[0]), text) not in pairs
        assert (int(wrong.hard_images_B[0]), text) not in pairs
        assert (image, rows[int(wrong.captions_B[0])][1]) not in pairs


def test_every_wrong_image_and_caption_is_drawn_and_equally_often(tmp_path: Path, tiny_facts: Facts) -> None:
    # Images 2 to 6; "x" is said of 2 and 4, so 3, 5 and 6 are wrong for it. Of image 2, rows 1, 3 and 4 are wrong.
    found = captions(tmp_path, tiny_facts, (2, "x"), (3, "y"), (4, "x"), (5, "z"), (6, "w"))
    sampler = NegativeSampler(found, None, seed=1)
    drawn = [sampler.draw(np.array([0]), epoch) for epoch in range(900)]
    images = np.bincount([int(wrong.random_images_B[0]) for wrong in drawn], minlength=7)
    rows = np.bincount([int(wrong.captions_B[0]) for wrong in drawn], minlength=5)
    assert set(np.flatnonzero(images).tolist()) == {3, 5, 6}
    assert set(np.flatnonzero(rows).tolist()) == {1, 3, 4}
    assert images[images > 0].min() > 250
    assert rows[rows > 0].min() > 250


def test_hard_images_are_neighbours_and_random_where_there_are_none(tiny: TinySet, tiny_facts: Facts) -> None:
    # Of training images, 0 has no neighbour, 1 has the next one, the others have the next two.
    found = questions.read(tiny.retrieval, split="train", store=tiny_facts.store, num_images=1, num_answers=0)
    sampler = NegativeSampler(found, tiny_facts.neighbours_NK, seed=1)
    rows_B = np.arange(found.num_rows)
    own_B = found.images_NM[:, 0]
    for epoch in range(20):
        wrong = sampler.draw(rows_B, epoch)
        steps_B = (wrong.hard_images_B - own_B) % 16
        is_random_B = wrong.hard_images_B == wrong.random_images_B
        assert (is_random_B | np.isin(steps_B, (1, 2))).all()
        assert is_random_B[own_B == 0].all()
        assert (is_random_B | (steps_B == 1))[own_B == 1].all()


def test_partners_rest_on_seed_epoch_and_row_alone(tiny: TinySet, tiny_facts: Facts) -> None:
    found = questions.read(tiny.retrieval, split="train", store=tiny_facts.store, num_images=1, num_answers=0)
    sampler = NegativeSampler(found, tiny_facts.neighbours_NK, seed=1)
    whole, alone = sampler.draw(np.arange(32), 3), sampler.draw(np.array([7, 30]), 3)
    for name in ("random_images_B", "hard_images_B", "captions_B"):
        assert getattr(alone, name).tolist() == getattr(whole, name)[[7, 30]].tolist()
    other = sampler.draw(np.arange(32), 4)
    assert dataclasses.astuple(other)[0].tolist() != dataclasses.astuple(whole)[0].tolist()


def test_an_image_that_is_first_of_its_own_neighbours_is_passed_over(tiny: TinySet, tmp_path: Path) -> None:
    # ViLBERT's pool: image 0 has itself and 3, image 1 itself alone.
    copied = tmp_path / "negatives"
    shutil.copytree(tiny.hard_negatives, copied)
    with h5py.File(copied / hard_negatives.FILE_NAME, "r+") as file:
        file["neighbours"][0], file["neighbours"][1] = [0, 3, -1], [1, -1, -1]
    found = facts.read(regions=tiny.regions, words=tiny.vocabulary, negatives=copied)
    assert found.neighbours_NK is not None
    assert found.neighbours_NK[:2].tolist() == [[3, -1, -1], [-1, -1, -1]]
