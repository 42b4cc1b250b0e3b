"""Both forms with an encoder whose pooled states can be worked out. Legend: B rows, P pairs, D width."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from data.errors import ContractError, UserError
from model import exams
from model.batch import Output
from model.exams import Exam
from model.exercise import Shown
from model.facts import Facts
from model.forms import answer, match
from model.networks import Encoder
from tests.model.tiny import TinySet
from tests.model.tiny_specs import tiny_network

LN = math.log


class Seen(Encoder):
    """The pooled state of a pair: the mean of its image's features, and its first word piece but for [CLS]."""

    def forward(self, shown: Shown) -> Output:
        raise AssertionError("forms pool")

    def embed_text(self, text_BL: Tensor, text_mask_BL: Tensor) -> Tensor:
        return text_BL[:, :, None].float()

    def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
        return regions_BRF.float()

    def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        return torch.cat([regions_BRD.mean(1), text_BLD[:, 2]], dim=1)

    def repeated(self) -> tuple[()]:
        return ()


def exam(name: str, tiny: TinySet, facts: Facts) -> Exam:
    return exams.read(name, tiny.benchmark(name), facts=facts, max_length=12, sees="pair")


def features(facts: Facts, image: int) -> Tensor:
    return torch.from_numpy(facts.store.features_NRF[[image]]).float().mean(1)[0]


def test_the_head_reads_the_images_in_their_order(tiny: TinySet, tiny_facts: Facts) -> None:
    here = exam("nlvr2", tiny, tiny_facts)
    train = here.questions("train")
    swapped = dataclasses.replace(train, images_NM=train.images_NM[:, ::-1])
    form = answer.build({}, network=tiny_network(), facts=tiny_facts, num_images=2, num_answers=2, trained={})
    form.answer = nn.Identity()
    row = np.array([4])  # "a dog" of images 2 and 3
    read, other = (form.logits(Seen(), form.asks(here, rows, seed=1)(row, 0))[0] for rows in (train, swapped))
    dog = torch.tensor([5.0])
    expected = [features(tiny_facts, 2), dog, features(tiny_facts, 3), dog]
    torch.testing.assert_close(read, torch.cat(expected))
    torch.testing.assert_close(other, torch.cat([*expected[2:], *expected[:2]]))


def test_a_blank_head_of_width_three_answers_by_its_bias(tiny_facts: Facts) -> None:
    network = tiny_network(hidden_size=3)
    form = answer.build({}, network=network, facts=tiny_facts, num_images=2, num_answers=2, trained={})
    shapes = [tuple(p.shape) for p in form.parameters()]
    assert shapes == [(6, 6), (6,), (6,), (6,), (2, 6), (2,)]  # 2 x 3 -> 6, the norm's two, 6 -> 2
    for parameter in form.parameters():
        nn.init.zeros_(parameter)
    assert isinstance(form, answer.Answer)
    with torch.no_grad():
        form.answer[3].bias[1] = LN(3)
        logits_BA = form.answer(torch.randn(1, 6))
    assert form.row_loss.of_rows(logits_BA, torch.tensor([[1.0, 0.0]])).tolist() == pytest.approx([LN(2) + LN(4)])
    given = form.best([logits_BA])
    assert given.ids_NC.tolist() == [[1, 0]]
    np.testing.assert_allclose(given.probabilities_NC, [[0.75, 0.5]], rtol=1e-6)


def test_one_of_several_answers_has_probabilities_that_sum_to_one(tiny_facts: Facts) -> None:
    options = {"loss": "cross_entropy"}
    form = answer.build(options, network=tiny_network(), facts=tiny_facts, num_images=1, num_answers=4, trained={})
    assert isinstance(form, answer.Answer)
    given = form.best([torch.tensor([[0.0, LN(2), LN(2), LN(3)]]), torch.tensor([[1.0, 1.0, 1.0, 1.0]])])
    assert given.ids_NC.tolist() == [[3, 1, 2], [0, 1, 2]]  # of equal answers the first
    np.testing.assert_allclose(given.probabilities_NC[0], [3 / 8, 2 / 8, 2 / 8], rtol=1e-6)


def test_rows_without_possible_answers_are_refused(tiny_facts: Facts) -> None:
    with pytest.raises(ContractError, match="possible answers"):
        answer.build({}, network=tiny_network(), facts=tiny_facts, num_images=1, num_answers=0, trained={})


def test_the_options_of_a_caption_are_its_own_pair_two_other_images_and_another_caption(
    tiny: TinySet, tiny_facts: Facts
) -> None:
    here = exam("retrieval", tiny, tiny_facts)
    train = here.questions("train")
    form = match.build({}, network=tiny_network(), facts=tiny_facts, num_images=1, num_answers=0, trained={})
    rows_B = np.array([9, 2])
    pairs = form.asks(here, train, seed=1)(rows_B, 0)
    assert pairs.targets_BA.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0]]
    pooled = pairs.pool(Seen()).view(2, 4, -1)
    for place, row in enumerate(rows_B.tolist()):
        own = features(tiny_facts, int(train.images_NM[row, 0]))
        is_own_image = [torch.equal(pooled[place, option, :-1], own) for option in range(4)]
        assert is_own_image == [True, False, False, True]
        texts = pairs.text_TL[pairs.text_P.view(2, 4)[place]]
        assert torch.equal(texts[0], texts[1])
        assert torch.equal(texts[0], texts[2])
        assert not torch.equal(texts[0], texts[3])


def test_a_pair_that_only_ties_with_another_option_is_not_first(tiny: TinySet, tiny_facts: Facts) -> None:
    here = exam("retrieval", tiny, tiny_facts)
    form = match.build({}, network=tiny_network(), facts=tiny_facts, num_images=1, num_answers=0, trained={})
    logits = [torch.tensor([[2.0, 1.0, 1.0, 1.0], [2.0, 1.0, 2.0, 0.0]]), torch.tensor([[0.0, -1.0, -2.0, -3.0]])]
    assert form.judge(logits, here, here.questions("validation")) == pytest.approx(100 * 2 / 3)
    assert form.metric(here.benchmark) == ("options", "own pair first")


def test_the_matching_head_keeps_the_form_in_which_it_was_trained(tiny_facts: Facts) -> None:
    shapes = {
        form: match.build(
            {},
            network=tiny_network(),
            facts=tiny_facts,
            num_images=1,
            num_answers=0,
            trained={"itm_hs": {"form": form}},
        ).itm_hs.linear.weight.shape  # type: ignore[union-attr]
        for form in ("two_way", "logistic")
    }
    assert shapes == {"two_way": (2, 16), "logistic": (1, 16)}


@pytest.mark.parametrize("form", [answer, match])
@pytest.mark.parametrize("options", [{"loss": "hinge"}, {"los": "binary"}])
def test_a_mistyped_option_is_named(form: object, options: dict[str, str], tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match=r"form (answer|match)"):
        form.build(  # type: ignore[attr-defined]
            options, network=tiny_network(), facts=tiny_facts, num_images=1, num_answers=2, trained={}
        )
