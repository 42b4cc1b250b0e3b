from __future__ import annotations

import numpy as np
import pytest

from data.errors import UserError
from model.curricula.msp import MINIATURE, PAPER, curriculum
from model.msp_chains import parse
from model.orders import Ordered, grit
from tasks.ablations.msp import ABLATION
from tasks.profiles import load_profile, profile_names

CHAINS = [row.chain for row in ABLATION.rows if row.chain != "vanilla"]


@pytest.mark.parametrize("text", CHAINS)
def test_every_chain_of_the_ablation_is_spelt_in_its_one_way(text: str) -> None:
    assert str(parse(text)) == text


def test_objectives_that_are_left_out_have_one_order() -> None:
    assert str(parse("S-ITM_HS-TITS")) == "S-TITS-ITM_HS"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "''"),
        ("Q", "'Q'"),
        ("T.T", "the stage token twice"),
        ("T.S_long.P.S", "the stage sentence twice"),
        ("T_long", "only S can be long"),
        ("T+S_grit", "only S can be grouped by grit"),
        ("S_grit_long", "'S_grit_long'"),
        ("S_grit-ITM_HS", "hard samples of ITM_HS, which is left out"),
        ("P+T", "in another order"),
        ("S-IFRS", "S-IFRS: IFRS, where there are MLM, MRFR, MOC, TITS, ITM_HS"),
        ("T+P-MLM", "none of it is left out"),
        ("T-MLM-MRFR-MOC-IFRS", "nothing left to learn"),
    ],
)
def test_a_malformed_chain_is_refused_with_what_is_wrong(text: str, found: str) -> None:
    with pytest.raises(UserError, match=r"T-IFRS\.S") as refused:
        parse(text)
    assert found in refused.value.found


def test_a_stage_of_a_chain_starts_from_the_one_before() -> None:
    stages = curriculum(PAPER, seed=1, chain=parse("S.P.T")).stages
    assert [(stage.name, stage.starts_from) for stage in stages] == [
        ("sentence", None), ("phrase", "sentence"), ("token", "phrase"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "objectives", "corruptions"),
    [
        ("T", "mlm mrfr moc ifrs", "mask_words mask_regions shuffle_triplets"),
        ("T-IFRS", "mlm mrfr moc", "mask_words mask_regions"),
        ("P-TITP", "mlm mrfr moc", "mask_words mask_regions"),
        ("S-TITS", "mlm mrfr moc itm_hs", "swap_image mask_words mask_regions"),
        ("S-MRFR-MOC", "mlm tits itm_hs", "swap_image mask_words"),
        ("S_grit", "mlm mrfr moc tits itm_in_batch", "mask_words mask_regions"),
    ],
)
def test_a_corruption_goes_with_the_last_objective_that_learns_from_it(
    text: str, objectives: str, corruptions: str
) -> None:
    (stream,) = curriculum(PAPER, seed=1, chain=parse(text)).stages[0].streams
    assert [objective.name for objective in stream.objectives] == objectives.split()
    assert [corruption.name for corruption in stream.corruptions] == corruptions.split()


def test_without_hard_samples_any_other_image_is_swapped_in() -> None:
    hard, plain = (curriculum(PAPER, seed=1, chain=parse(text)).stages[0] for text in ("S", "S-ITM_HS"))
    swaps = [stage.streams[0].corruptions[0] for stage in (hard, plain)]
    assert [swap.has_negatives for swap in swaps] == [True, False]
    assert swaps[1].options["num_negatives"] == 0


def test_a_grouped_sentence_stage_is_the_other_but_for_its_order_and_where_its_negatives_come_from() -> None:
    grouped, other = (curriculum(PAPER, seed=1, chain=parse(text)) for text in ("T.P.S_grit", "T.P.S"))
    assert grouped.stages[:2] == other.stages[:2]
    assert grouped.stages[2].budget == other.stages[2].budget
    (stream,), (usual,) = (each.stages[2].streams for each in (grouped, other))
    assert (stream.order.name, usual.order.name) == ("grit", "shuffle")
    assert (stream.batch_size, stream.max_length) == (usual.batch_size, usual.max_length)
    assert stream.objectives[:4] == usual.objectives[:4]
    assert (grouped.network.options["compared"], "compared" in other.network.options) == ("pair", False)


@pytest.mark.parametrize("profile", profile_names())
@pytest.mark.parametrize("text", ["S_grit", "S_long_grit"])
def test_queue_and_search_space_fit_the_mini_batches_of_every_profile(profile: str, text: str) -> None:
    (stage,) = curriculum(load_profile(profile).msp, seed=1, chain=parse(text)).stages
    (stream,) = stage.streams
    rows = Ordered(keys_N=np.arange(4, dtype=np.uint64), images_N=np.arange(4), lengths_N=np.full(4, 3))
    order = grit.build(stream.order.options, rows=rows, batch_size=stream.batch_size, seed=1)
    assert order.decided_by()["search_space"] > stream.batch_size  # one mini-batch makes no difference to a shuffle


def test_merged_corpora_share_the_updates_of_all_stages_by_their_lengths() -> None:
    (merged,) = curriculum(MINIATURE, seed=1, chain=parse("T+P+S")).stages
    assert [stream.corpus for stream in merged.streams] == ["token", "phrase", "sentence"]
    assert (merged.mixing.name, merged.mixing.clock) == ("alternate", "sentence")
    assert merged.mixing.options["rates"] == {"token": 600, "phrase": 600, "sentence": 3000}
    assert merged.budget.num_steps == 600 + 600 + 3000
    assert {objective.name for objective in merged.objectives()} == {"mlm", "mrfr", "moc", "itm_hs"}


def test_a_long_sentence_stage_has_as_many_updates_as_three_stages() -> None:
    (long,) = curriculum(MINIATURE, seed=1, chain=parse("S_long")).stages
    three = curriculum(MINIATURE, seed=1).stages
    assert long.budget.num_steps == sum(stage.budget.num_steps or 0 for stage in three)


def test_only_a_chain_whose_last_stage_learns_matching_can_be_judged_without_fine_tuning() -> None:
    assert [text for text in CHAINS if not parse(text).can_match] == ["S.P.T"]
    assert not parse("S-TITS-ITM_HS.T").can_match
