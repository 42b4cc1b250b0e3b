"""What a learner is given: parts add up to the whole, features come from their sources, nothing waits on a GPU."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from data.errors import UserError
from data.regions.store import RegionStore
from model import exams
from model.batch import HIDDEN, on_device
from model.exercise import Exercise, dress, of_rows, where
from model.facts import Facts
from model.feed import Feed
from model.learner import Learner
from model.regions import Features, Mapped, Resident
from model.respondent import Respondent
from tests.model.tiny import TinySet
from tests.model.tiny_specs import FORMS, tiny_network, tiny_stage
from tests.model.worked import small_batch

NUM_ROWS = 7
CUTS = ([0, 3, 7], [0, 1, 5, 7])


@pytest.fixture(scope="module")
def pupil(tiny_facts: Facts) -> Learner:
    return Learner(tiny_network(dropout_rate=0.0), tiny_stage().streams[0].objectives, tiny_facts, seed=1)


@pytest.fixture(scope="module")
def exercise(tiny: TinySet, tiny_facts: Facts, pupil: Learner) -> Exercise:
    stream = dataclasses.replace(tiny_stage().streams[0], batch_size=NUM_ROWS)
    batch = next(Feed(stream, corpus=tiny.corpus, split="train", facts=tiny_facts, seed=1).batches(2))
    return dress(batch, pupil.ask(batch), Mapped(tiny_facts.store, "cpu"))


def taught(module: nn.Module, losses: Callable[[], Iterator[Tensor]]) -> tuple[Tensor, Tensor]:
    """The sum of some losses, and the gradients that they leave, end to end."""
    module.zero_grad()
    total = torch.zeros(())
    for each in losses():
        each.sum().backward()  # type: ignore[no-untyped-call]
        total = total + each.detach()
    return total, torch.cat([p.grad.flatten() for p in module.parameters() if p.grad is not None])


@pytest.mark.parametrize("ends", CUTS)
def test_losses_and_gradients_of_parts_add_up_to_those_of_the_batch(
    ends: list[int], pupil: Learner, exercise: Exercise
) -> None:
    parts = [exercise.part(slice(*cut)) for cut in itertools.pairwise(ends)]
    assert [part.size for part in parts] == np.diff(ends).tolist()
    whole, gradients = taught(pupil, lambda: iter([pupil.losses(exercise)]))
    summed, added = taught(pupil, lambda: (pupil.losses(part) for part in parts))
    torch.testing.assert_close(summed, whole, rtol=1e-6, atol=1e-6)
    assert (added - gradients).norm() <= 1e-6 * gradients.norm()


@pytest.mark.parametrize("ends", CUTS)
def test_the_parts_of_a_batch_with_rows_that_are_not_asked_add_up_too(
    ends: list[int], tiny: TinySet, tiny_facts: Facts, pupil: Learner
) -> None:
    stream = dataclasses.replace(tiny_stage().streams[0], batch_size=NUM_ROWS)
    batch = next(Feed(stream, corpus=tiny.corpus, split="train", facts=tiny_facts, seed=1).batches(2))
    batch = batch.mismatched(torch.arange(NUM_ROWS) % 3 == 1, have_targets=False)
    exercise = dress(batch, pupil.ask(batch), Mapped(tiny_facts.store, "cpu"))
    assert [len(exercise.asks[name][0].places_N) for name in ("tits", "itm_hs")] == [5, 7]
    parts = [exercise.part(slice(*cut)) for cut in itertools.pairwise(ends)]
    whole, gradients = taught(pupil, lambda: iter([pupil.losses(exercise)]))
    summed, added = taught(pupil, lambda: (pupil.losses(part) for part in parts))
    torch.testing.assert_close(summed, whole, rtol=1e-6, atol=1e-6)
    assert (added - gradients).norm() <= 1e-6 * gradients.norm()


@pytest.mark.parametrize("ends", CUTS)
@pytest.mark.parametrize("name", ["vqa", "nlvr2", "retrieval"])
def test_the_parts_of_a_fine_tunings_batch_add_up_too(
    name: str, ends: list[int], tiny: TinySet, tiny_facts: Facts
) -> None:
    exam = exams.read(name, tiny.benchmark(name), facts=tiny_facts, max_length=12, sees="pair")
    network = tiny_network(dropout_rate=0.0)
    pupil = Respondent(network, FORMS[name], exam, trained={}, seed=1)
    pairs = pupil.heads.asks(exam, exam.questions("train"), seed=1)(np.arange(NUM_ROWS), 0)
    parts = [pairs.part(slice(*cut)) for cut in itertools.pairwise(ends)]
    whole, gradients = taught(pupil, lambda: iter([pupil.losses(pairs)]))
    summed, added = taught(pupil, lambda: (pupil.losses(part) for part in parts))
    torch.testing.assert_close(summed, whole, rtol=1e-6, atol=1e-6)
    assert (added - gradients).norm() <= 1e-6 * gradients.norm()


def test_a_part_keeps_its_rows_places_and_the_number_asked_in_the_whole_batch() -> None:
    asked_B3 = torch.tensor([[True, False, True], [False] * 3, [False, True, True], [True, False, False]])
    asked = where(asked_B3, torch.arange(12).view(4, 3))
    assert asked.places_N.tolist() == [0, 2, 7, 8, 9]
    part = asked.part(slice(1, 3))
    assert part.places_N.tolist() == [1 * 3 + 1, 1 * 3 + 2]
    assert part.targets_N.tolist() == [7, 8]
    assert part.num_asked.item() == 5
    assert part.part(slice(1, 2)).places_N.tolist() == [1, 2]
    assert part.part(slice(0, 1)).places_N.tolist() == []


def test_of_some_rows_only_their_own_places_are_asked() -> None:
    asked_B3 = torch.tensor([[True, False, True], [True, True, False], [False] * 3, [True, False, False]])
    asked = where(asked_B3, torch.arange(12).view(4, 3), weights_BP=torch.arange(12.0).view(4, 3))
    of_three = asked.of(torch.tensor([True, False, True, True]))
    assert of_three.places_N.tolist() == of_three.targets_N.tolist() == [0, 2, 9]
    assert of_three.weights_N is not None
    assert of_three.weights_N.tolist() == [0.0, 2.0, 9.0]
    assert of_three.ends_B.tolist() == [2, 2, 2, 3]
    assert of_three.num_asked.item() == 3
    assert asked.of(torch.zeros(4).bool()).num_asked.item() == 1  # by which nothing is divided
    assert asked.of(torch.ones(4).bool()) is asked


def test_rows_that_are_not_all_asked_are_padded_like_places() -> None:
    every = of_rows(torch.tensor([7, 8, 9]))
    assert every.padded(5) is every
    two = every.of(torch.tensor([True, False, True])).padded(4)
    assert two.places_N.tolist() == [0, 2, 0, 0]
    assert two.weights_N is not None
    assert two.weights_N.tolist() == [1.0, 1.0, 0.0, 0.0]


def test_what_is_padded_with_changes_neither_losses_nor_gradients(pupil: Learner, exercise: Exercise) -> None:
    sizes = {name: [len(asked.places_N) + 3 for asked in parts] for name, parts in exercise.asks.items()}
    asks = {
        name: tuple(asked.padded(size) for asked, size in zip(parts, sizes[name], strict=True))
        for name, parts in exercise.asks.items()
    }
    assert [len(asked.places_N) for asked in asks["moc"]] == sizes["moc"]
    assert len(asks["itm_hs"][0].places_N) == NUM_ROWS
    own, gradients = taught(pupil, lambda: iter([pupil.losses(exercise)]))
    padded, padded_gradients = taught(pupil, lambda: iter([pupil.losses(dataclasses.replace(exercise, asks=asks))]))
    torch.testing.assert_close(padded, own, rtol=1e-6, atol=1e-6)
    assert (padded_gradients - gradients).norm() <= 1e-6 * gradients.norm()
    assert exercise.asks["mlm"][0].padded(1) is exercise.asks["mlm"][0]


def test_what_needs_the_whole_batch_is_never_cut() -> None:
    asked = dataclasses.replace(of_rows(torch.arange(4)), needs_whole_batch=True)
    assert asked.part(slice(0, 4)).targets_N.tolist() == [0, 1, 2, 3]
    with pytest.raises(UserError, match="a part of 2 of 4 rows"):
        asked.part(slice(0, 2))


def test_an_objective_that_compares_rows_says_so_of_all_that_it_asks(
    tiny: TinySet, tiny_facts: Facts, pupil: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = Feed(tiny_stage().streams[0], corpus=tiny.corpus, split="train", facts=tiny_facts, seed=1).clean(
        np.arange(4)
    )
    assert not any(asked.needs_whole_batch for parts in pupil.ask(batch).values() for asked in parts)
    monkeypatch.setattr(type(pupil.head("itm_hs")), "needs_whole_batch", True)
    assert [asked.needs_whole_batch for asked in pupil.ask(batch, ("mlm", "itm_hs"))["itm_hs"]] == [True]


def test_only_the_heads_that_are_named_are_asked_and_give_a_loss(pupil: Learner, exercise: Exercise) -> None:
    every = dict(zip(exercise.asks, pupil.losses(exercise).tolist(), strict=True))
    assert pupil.losses(exercise, ("moc", "mlm")).tolist() == [every["moc"], every["mlm"]]


@pytest.mark.parametrize("kind", [Mapped, Resident.of])
def test_features_are_those_of_the_source_and_zeros_where_hidden(
    kind: Callable[[RegionStore, str], Features], tiny_facts: Facts
) -> None:
    known_NRF = tiny_facts.store.features_NRF
    taken = kind(tiny_facts.store, "cpu").take(torch.tensor([[5, HIDDEN], [HIDDEN, 6]]))
    assert taken.dtype == torch.float16
    expected = np.stack([known_NRF[0, 5], np.zeros(8), np.zeros(8), known_NRF[1, 0]]).reshape(2, 2, 8)
    np.testing.assert_array_equal(taken.numpy(), expected)


@contextmanager
def no_waiting() -> Iterator[None]:
    """Any call that makes the host wait for the GPU is an error."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_step_never_waits_for_the_gpu(pupil: Learner, exercise: Exercise) -> None:
    there, batch = pupil.to("cuda"), on_device(exercise, "cuda")
    there.losses(batch).sum().backward()  # type: ignore[no-untyped-call]  # what is allocated once may wait
    with no_waiting():
        there.losses(batch).sum().backward()  # type: ignore[no-untyped-call]
    pupil.to("cpu")


def test_words_that_are_padding_in_every_row_are_left_out() -> None:
    text_BL = torch.tensor([[2, 5, 3, 0, 0], [2, 5, 6, 3, 0]])
    trimmed = small_batch(num_rows=2, length=5, text_BL=text_BL, text_mask_BL=text_BL != 0).trimmed()
    assert trimmed.text_BL.tolist() == [[2, 5, 3, 0], [2, 5, 6, 3]]
    for column in (trimmed.text_mask_BL, trimmed.true_text_BL, trimmed.masked_words_BL):
        assert column.shape == (2, 4)
