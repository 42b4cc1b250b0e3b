from __future__ import annotations

import json

import pytest

from model import plugins
from model.curricula.msp import MINIATURE, PAPER, MspSizes, curriculum
from model.spec_json import from_plain, to_plain
from model.specs import Curriculum


@pytest.mark.parametrize("sizes", [PAPER, MINIATURE])
def test_a_curriculum_names_only_files_that_exist_and_survives_json(sizes: MspSizes) -> None:
    msp = curriculum(sizes, seed=5)
    for stage in msp.stages:
        assert stage.budget.seed == 5
        for stream in stage.streams:
            plugins.load("orders", stream.order.name)
            for corruption in stream.corruptions:
                plugins.load("corruptions", corruption.name)
            for objective in stream.objectives:
                plugins.load("objectives", objective.name)
    assert from_plain(Curriculum, json.loads(json.dumps(to_plain(msp)))) == msp


def test_the_paper_profile_holds_the_papers_numbers() -> None:
    token, phrase, sentence = curriculum(PAPER, seed=1).stages
    budgets = [(stage.streams[0].batch_size, stage.budget.num_epochs) for stage in (token, phrase, sentence)]
    assert budgets == [(64, 10), (128, 20), (128, 20)]
    assert token.budget.optimizer.learning_rate == 1e-5
    assert [objective.name for objective in token.streams[0].objectives] == ["mlm", "mrfr", "moc", "ifrs"]
    assert [objective.name for objective in phrase.streams[0].objectives] == ["mlm", "mrfr", "moc", "titp"]
    assert [objective.name for objective in sentence.streams[0].objectives] == ["mlm", "mrfr", "moc", "tits", "itm_hs"]
    assert [stage.starts_from for stage in (token, phrase, sentence)] == [None, "token", "phrase"]
    assert all(
        objective.weight == 1.0 for stage in (token, phrase, sentence) for objective in stage.streams[0].objectives
    )
