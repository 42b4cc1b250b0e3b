"""Every objective on numbers worked out by hand. Legend: B rows, L word pieces, R regions, F features."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from data.errors import UserError
from model import plugins
from model.batch import Batch
from model.exercise import weighted
from model.facts import Facts
from model.objectives import Objective, ifrs
from tests.model.tiny_specs import tiny_network
from tests.model.worked import small_batch, small_exercise, small_output

LN = math.log


def objective(name: str, facts: Facts, *, num_features: int = 2, **options: Any) -> Objective:
    """Its head, all weights and biases zero: every logit is 0 and every prediction the zero vector."""
    network = tiny_network(hidden_size=3, region_feature_size=num_features)
    built: Objective = plugins.load("objectives", name).build(options, network=network, facts=facts)
    for parameter in built.parameters():
        torch.nn.init.zeros_(parameter)
    return built


def losses(head: Objective, batch: Batch, features_SF: Tensor | None = None, **output: Any) -> tuple[Tensor, ...]:
    """The losses of what is asked of a batch, as they count, with hidden states of zeros unless others are given."""
    exercise = small_exercise(batch, head, features_SF=features_SF)
    asked = exercise.asks["0"]
    each = head.losses(asked, exercise.shown, small_output(batch, **output))
    return tuple(weighted(losses_N, part) for losses_N, part in zip(each, asked, strict=True))


def test_mlm_of_a_blank_head_is_the_log_of_the_vocabulary_at_masked_positions(tiny_facts: Facts) -> None:
    batch = small_batch(length=4, masked_words_BL=torch.tensor([[False, True, True, False]]))
    (losses_N,) = losses(objective("mlm", tiny_facts), batch, vocabulary_size=14)
    assert losses_N.tolist() == pytest.approx([LN(14), LN(14)])


def test_mlm_asks_for_the_true_piece_and_not_for_the_one_that_stands_there(tiny_facts: Facts) -> None:
    mlm = objective("mlm", tiny_facts)
    with torch.no_grad():
        mlm.decoder.bias[5] = LN(13.0)  # type: ignore[union-attr,operator]  # piece 5 has probability 1/2, others 1/26
    batch = small_batch(
        length=2,
        text_BL=torch.tensor([[4, 4]]),
        true_text_BL=torch.tensor([[5, 6]]),
        masked_words_BL=torch.tensor([[True, True]]),
    )
    (losses_N,) = losses(mlm, batch, vocabulary_size=14)
    assert losses_N.tolist() == pytest.approx([LN(2), LN(26)])


def test_mrfr_is_the_mean_square_over_dimensions_of_masked_regions(tiny_facts: Facts) -> None:
    true_SF = torch.tensor([[1.0, 3.0], [7.0, 7.0], [0.5, 0.0]])
    batch = small_batch(masked_regions_BR=torch.tensor([[True, False, True]]))
    (losses_N,) = losses(objective("mrfr", tiny_facts), batch, true_SF)
    assert losses_N.tolist() == pytest.approx([(1 + 9) / 2, 0.125])


def test_mrfr_by_lxmert_is_smooth_l1(tiny_facts: Facts) -> None:
    true_SF = torch.tensor([[1.0, 3.0], [7.0, 7.0], [0.5, 0.0]])
    batch = small_batch(masked_regions_BR=torch.tensor([[True, False, True]]))
    (losses_N,) = losses(objective("mrfr", tiny_facts, loss="smooth_l1"), batch, true_SF)
    assert losses_N.tolist() == pytest.approx([(0.5 + 2.5) / 2, 0.125 / 2])


SHUFFLED_S1 = torch.tensor([[9.0], [3.0], [6.0], [0.0]])


def shuffled_batch() -> Batch:
    """Regions 1, 2 and 3 of four, with features 3, 6 and 0, show 0, 3 and 6."""
    return small_batch(
        num_regions=4, sources_BR=torch.tensor([[0, 3, 1, 2]]), triplets_BR=torch.tensor([[-1, 1, 1, 1]])
    )


def test_ifrs_asks_for_the_own_features_of_shuffled_regions_only(tiny_facts: Facts) -> None:
    (losses_N,) = losses(objective("ifrs", tiny_facts, num_features=1), shuffled_batch(), SHUFFLED_S1)
    assert losses_N.tolist() == [9.0, 36.0, 0.0]


def test_ifrs_is_judged_against_the_triplets_mean_and_the_input_as_it_stands(tiny_facts: Facts) -> None:
    means_N1 = ifrs.triplet_means(torch.tensor([[0.0], [3.0], [6.0], [1.0], [1.0], [4.0]]))
    assert means_N1[:, 0].tolist() == [3.0, 3.0, 3.0, 2.0, 2.0, 2.0]
    head, batch = objective("ifrs", tiny_facts, num_features=1), shuffled_batch()
    exercise = small_exercise(batch, head, features_SF=SHUFFLED_S1)
    judge = head.judge()
    judge.learn(exercise.asks["0"])
    with torch.no_grad():
        judge.score(exercise.asks["0"], exercise.shown, small_output(batch))
    result = judge.result()
    assert result.model == pytest.approx((9 + 36 + 0) / 3)
    assert result.blind["mean of the triplet"] == pytest.approx((0 + 9 + 9) / 3)
    assert result.blind["unshuffled input"] == pytest.approx((9 + 9 + 36) / 3)
    assert result.blind["mean feature"] == pytest.approx((0 + 9 + 9) / 3)  # the mean of 3, 6 and 0 is also 3


def labelled_batch() -> Batch:
    """Three regions, the first two masked; the second has no attribute."""
    return small_batch(
        masked_regions_BR=torch.tensor([[True, True, False]]),
        object_ids_BR=torch.tensor([[0, 3, 1]]),
        object_conf_BR=torch.tensor([[0.3, 0.6, 0.9]]),
        attribute_ids_BR=torch.tensor([[1, -1, 0]]),
        attribute_conf_BR=torch.tensor([[0.15, 0.6, 0.45]]),
    )


def test_moc_asks_for_known_labels_of_masked_regions(tiny_facts: Facts) -> None:
    batch = labelled_batch()
    moc = objective("moc", tiny_facts)
    objects_N, attributes_N = losses(moc, batch)
    assert objects_N.tolist() == pytest.approx([LN(4), LN(4)])  # four object labels
    assert attributes_N.tolist() == pytest.approx([LN(2)])  # two attributes
    exercise = small_exercise(batch, moc)
    loss = moc.loss(exercise.asks["0"], exercise.shown, small_output(batch))
    assert loss.item() == pytest.approx(LN(4) + LN(2))


def test_moc_by_lxmert_asks_for_all_regions_by_confidence(tiny_facts: Facts) -> None:
    batch = labelled_batch()
    objects_N, attributes_N = losses(objective("moc", tiny_facts, scope="all_by_confidence"), batch)
    assert objects_N.tolist() == pytest.approx([2 * LN(4), 4 * LN(4), 6 * LN(4)])  # confidence / 0.15
    assert attributes_N.tolist() == pytest.approx([1 * LN(2), 3 * LN(2)])


@pytest.mark.parametrize("name", ["titp", "tits"])
def test_topics_are_a_mean_over_the_vocabulary(name: str, tiny_facts: Facts) -> None:
    # Logits of -3 everywhere, two distinct topics (a dog and a cat are shown) among 14 pieces; the dog stands twice.
    batch = small_batch(length=4, true_text_BL=torch.tensor([[5, 6, 5, 7]]), object_ids_BR=torch.tensor([[0, 1, 1]]))
    topics = objective(name, tiny_facts, head="tied", bias=-3.0)
    torch.nn.init.constant_(topics.decoder.bias, -3.0)  # type: ignore[union-attr,arg-type]
    (losses_N,) = losses(topics, batch, vocabulary_size=14)
    no, yes = LN(1 + math.exp(-3)), LN(1 + math.exp(3))
    assert losses_N.tolist() == pytest.approx([(12 * no + 2 * yes) / 14])


@pytest.mark.parametrize("name", ["titp", "tits"])
def test_bounded_topics_are_normalised_over_the_vocabulary(name: str, tiny_facts: Facts) -> None:
    # GELU leaves 100 at two pieces of 14 and 0 at twelve: mean 100/7, deviation 100 sqrt(6)/7; so sqrt(6), -1/sqrt(6).
    batch = small_batch(length=3, true_text_BL=torch.tensor([[5, 6, 7]]), object_ids_BR=torch.tensor([[0, 0, 0]]))
    topics = objective(name, tiny_facts, head="bounded")
    with torch.no_grad():
        topics.decoder.linear.bias[5:7] = 100.0  # type: ignore[union-attr,operator,index]
        topics.decoder.norm.weight.fill_(1.0)  # type: ignore[union-attr,operator]
    (losses_N,) = losses(topics, batch, vocabulary_size=14)
    high, low = math.sqrt(6), -1 / math.sqrt(6)
    expected = (LN(1 + math.exp(-high)) + LN(1 + math.exp(high)) + 12 * LN(1 + math.exp(low))) / 14
    assert losses_N.tolist() == pytest.approx([expected])


@pytest.mark.parametrize(
    ("name", "options", "part"),
    [("mrfr", {}, 0), ("ifrs", {}, 0), ("ifrs", {"head": "put_back"}, 0), ("moc", {}, 0), ("moc", {}, 1)],
)
def test_gates_are_the_pooled_state_of_the_regions_own_row(
    name: str, options: dict[str, Any], part: int, tiny_facts: Facts
) -> None:
    batch = small_batch(
        num_rows=2,
        masked_regions_BR=torch.tensor([[True, False, False], [True, True, False]]),
        triplets_BR=torch.tensor([[0, 0, 0], [0, 0, 0]]),
    )
    plain, gated = (objective(name, tiny_facts, **options, **also) for also in ({}, {"gated": True}))
    for head in (plain, gated):
        torch.manual_seed(1)
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter)
    states_BRD = torch.randn(2, 3, 3)

    def found(head: Objective, first: float, second: float) -> Tensor:
        exercise = small_exercise(batch, head)
        pooled_BD = torch.tensor([[first] * 3, [second] * 3])
        output = small_output(batch, regions_BRD=states_BRD, pooled_BD=pooled_BD)
        return head.losses(exercise.asks["0"], exercise.shown, output)[part]

    of_first = 3 if name == "ifrs" else 1
    is_same_N = found(gated, 1.0, 0.0) == found(plain, 1.0, 0.0)
    assert is_same_N.tolist() == [True] * of_first + [False] * (len(is_same_N) - of_first)
    torch.testing.assert_close(found(plain, 1.0, 0.0), found(plain, 0.0, 2.0), rtol=0, atol=0)


@pytest.mark.parametrize(("form", "weights"), [("two_way", [[0, 0, 0], [2, 0, 0]]), ("logistic", [[2, 0, 0]])])
def test_matching_is_the_cross_entropy_of_yes_and_no(form: str, weights: list[list[float]], tiny_facts: Facts) -> None:
    itm = objective("itm_hs", tiny_facts, form=form)
    with torch.no_grad():
        itm.linear.weight.copy_(torch.tensor(weights))  # type: ignore[union-attr,operator]
    batch = small_batch(num_rows=2, matched_B=torch.tensor([True, False]))
    (losses_N,) = losses(itm, batch, pooled_BD=torch.tensor([[0.5, 0, 0], [1.0, 0, 0]]))
    assert losses_N.tolist() == pytest.approx([LN(1 + math.exp(-1)), LN(1 + math.exp(2))])


@pytest.mark.parametrize(
    ("name", "option"), [("mrfr", "loss"), ("ifrs", "loss"), ("moc", "scope"), ("tits", "head"), ("itm_hs", "form")]
)
def test_an_unknown_reading_is_refused_with_the_known_ones(name: str, option: str, tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="one of"):
        plugins.load("objectives", name).build({option: "none such"}, network=tiny_network(), facts=tiny_facts)
