"""What every form must do, by the folder. Legend: B rows, A answers or options."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

from model import exams, plugins
from model.exams import Exam
from model.facts import Facts
from model.pairs import Pairs
from model.respondent import Respondent
from tests.model.tiny import TinySet
from tests.model.tiny_specs import FORMS, tiny_network

CASES = ("vqa", "nlvr2", "retrieval")
ROWS = np.array([3, 0, 17, 8])


def exam(name: str, tiny: TinySet, facts: Facts) -> Exam:
    return exams.read(name, tiny.benchmark(name), facts=facts, max_length=12, sees="pair")


def respondent(name: str, tiny: TinySet, facts: Facts, *, dropout_rate: float = 0.0) -> Respondent:
    network = tiny_network(dropout_rate=dropout_rate)
    return Respondent(network, FORMS[name], exam(name, tiny, facts), trained={}, seed=1)


def asked(name: str, tiny: TinySet, facts: Facts, *, epoch: int = 0) -> Pairs:
    here, form = exam(name, tiny, facts), respondent(name, tiny, facts).heads
    return form.asks(here, here.questions("train"), seed=1)(ROWS, epoch)


ELSEWHERE = {
    "linear_probe",
    "nearest",
    "regress",
}  # test_frozen_forms.py and test_alone.py: they answer what stands alone


def test_every_form_has_a_case() -> None:
    assert {FORMS[name].name for name in CASES} | ELSEWHERE == set(plugins.names("forms"))


@pytest.mark.parametrize("name", CASES)
def test_the_loss_is_finite_and_teaches_head_and_encoder(name: str, tiny: TinySet, tiny_facts: Facts) -> None:
    pupil = respondent(name, tiny, tiny_facts)
    (loss,) = pupil.losses(asked(name, tiny, tiny_facts))
    loss.backward()
    assert loss.isfinite()
    assert loss > 0
    assert all(p.grad is not None and p.grad.isfinite().all() for p in pupil.heads.parameters())
    for part in ("embeddings.words.weight", "vision.features.weight", "layers.1.cross_attention.query.weight"):
        gradient = pupil.encoder.get_parameter(part).grad
        assert gradient is not None
        assert gradient.abs().sum() > 0


@pytest.mark.parametrize("name", CASES)
def test_each_row_has_a_logit_for_each_target(name: str, tiny: TinySet, tiny_facts: Facts) -> None:
    pairs, pupil = asked(name, tiny, tiny_facts), respondent(name, tiny, tiny_facts)
    assert pupil.heads.logits(pupil.encoder, pairs).shape == pairs.targets_BA.shape


@pytest.mark.parametrize("name", CASES)
def test_rows_without_a_right_answer_give_a_finite_loss(name: str, tiny: TinySet, tiny_facts: Facts) -> None:
    pairs = asked(name, tiny, tiny_facts)
    empty = dataclasses.replace(pairs, targets_BA=torch.zeros_like(pairs.targets_BA))
    (loss,) = respondent(name, tiny, tiny_facts).losses(empty)
    loss.backward()
    assert loss.isfinite()


@pytest.mark.parametrize("name", CASES)
def test_padding_changes_nothing(name: str, tiny: TinySet, tiny_facts: Facts) -> None:
    pairs, pupil = asked(name, tiny, tiny_facts), respondent(name, tiny, tiny_facts)
    padded = dataclasses.replace(
        pairs,
        text_TL=functional.pad(pairs.text_TL, (0, 3), value=tiny_facts.pad_id),
        text_mask_TL=functional.pad(pairs.text_mask_TL, (0, 3), value=False),
    )
    logits_BA, padded_BA = (pupil.heads.logits(pupil.encoder, each) for each in (pairs, padded))
    torch.testing.assert_close(padded_BA, logits_BA, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_judged_twice_it_says_the_same_whatever_the_dropout(name: str, tiny: TinySet, tiny_facts: Facts) -> None:
    here, pupil = exam(name, tiny, tiny_facts), respondent(name, tiny, tiny_facts, dropout_rate=0.5)
    validation = here.questions("validation")
    ask = pupil.heads.asks(here, validation, seed=1)
    with pytest.raises(AssertionError, match="dropout on"):
        next(pupil.heads.passes(pupil.encoder, ask, num_rows=validation.num_rows))
    pupil.eval()
    once, again = (
        torch.cat(list(pupil.heads.passes(pupil.encoder, ask, num_rows=validation.num_rows))) for _ in range(2)
    )
    assert torch.equal(once, again)
    value = pupil.heads.judge([once], here, validation)
    assert value == pupil.heads.judge(torch.split(once, 3), here, validation)
    assert 0.0 <= value <= 100.0


@pytest.mark.parametrize("name", CASES)
def test_the_same_rows_of_an_epoch_are_asked_the_same(name: str, tiny: TinySet, tiny_facts: Facts) -> None:
    first, second = asked(name, tiny, tiny_facts, epoch=4), asked(name, tiny, tiny_facts, epoch=4)
    for field in dataclasses.fields(Pairs):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))


@pytest.mark.parametrize("name", CASES)
def test_who_sees_the_text_alone_gets_zeros_for_regions_and_boxes(name: str, tiny: TinySet, tiny_facts: Facts) -> None:
    blind = dataclasses.replace(exam(name, tiny, tiny_facts), sees="text")
    questions = blind.questions("train")
    form = respondent(name, tiny, tiny_facts).heads
    pairs = form.asks(blind, questions, seed=1)(ROWS, 0)
    assert not pairs.regions_IRF.any()
    assert not pairs.boxes_IR4.any()
    assert pairs.text_mask_TL.any()
    assert len(pairs.image_P) == len(asked(name, tiny, tiny_facts).image_P)
