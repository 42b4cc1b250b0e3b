"""MoMo's stages as data."""

from __future__ import annotations

import json

import pytest

from data.errors import UserError
from model import plugins
from model.curricula.momo import MINIATURE, PAPER, PIXELS, MomoReadings, MomoSizes, curriculum, parse, spell
from model.patches import Grid
from model.spec_json import from_plain, to_plain
from model.specs import Curriculum


@pytest.mark.parametrize("sizes", [PAPER, PIXELS, MINIATURE])
@pytest.mark.parametrize(
    "text", ["momo", "momo+stages=all+order=grit", "momo+mixing=alternate", "momo+towers=separate"]
)
def test_it_names_only_files_that_exist_and_survives_json(sizes: MomoSizes, text: str) -> None:
    made = curriculum(sizes, seed=5, readings=parse(text))
    plugins.load("networks", made.network.name).build(made.network, tokens=["[PAD]", "[CLS]", "[SEP]", "[MASK]"])
    for stream in (stream for stage in made.stages for stream in stage.streams):
        for objective in stream.all_objectives():
            plugins.load("objectives", objective.name)
        for corruption in stream.all_corruptions():
            plugins.load("corruptions", corruption.name)
        plugins.load("orders", stream.order.name)
    assert made.network.images == "regions" or Grid.of(made.network).size_px in (224, 112)
    assert from_plain(Curriculum, json.loads(json.dumps(to_plain(made)))) == made


def test_each_stage_reads_what_the_abstract_says_and_takes_gradients_of_all_in_every_update() -> None:
    stages = curriculum(PAPER, seed=1, readings=MomoReadings()).stages
    assert [(stage.name, [stream.label for stream in stage.streams]) for stage in stages] == [
        ("image", ["image"]), ("joint", ["text", "image"]), ("pair", ["text", "pair"]),
    ]  # fmt: skip
    assert [stage.mixing.name for stage in stages] == ["single", "accumulate", "accumulate"]
    assert [stage.starts_from for stage in stages] == [None, "image", "joint"]
    learnt = [{each.name for stream in stage.streams for each in stream.all_objectives()} for stage in stages]
    assert learnt == [{"mim"}, {"mlm", "mim"}, {"mlm", "mim", "itc", "itm_in_batch"}]


def test_a_stage_may_have_a_rate_of_its_own_and_whole_images_may_be_compared() -> None:
    paper, miniature = (curriculum(sizes, seed=1, readings=MomoReadings()).stages for sizes in (PAPER, MINIATURE))
    assert [stage.budget.optimizer.learning_rate for stage in miniature] == [2.5e-3, 1e-3, 2.5e-3]
    whole, partly = (stages[2].streams[1] for stages in (paper, miniature))
    assert whole.corruptions == ()
    assert [corruption.options for corruption in partly.corruptions] == [{"rate": 0.5}]
    assert [showing.corruptions[0].name for showing in (*whole.more, *partly.more)] == ["mask_words"] * 2


def test_alternating_reads_as_many_rows_as_accumulating() -> None:
    # Two streams in the last two stages.
    steps = [
        [stage.budget.num_steps for stage in curriculum(MINIATURE, seed=1, readings=parse(text)).stages]
        for text in ("momo", "momo+mixing=alternate")
    ]
    assert steps[1] == [steps[0][0], 2 * (steps[0][1] or 0), 2 * (steps[0][2] or 0)]


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("momo", "momo+stages=image.joint"),
        ("momo+order=grit", "momo+stages=image.joint"),
        ("momo+mixing=alternate", "momo+stages=image.joint+mixing=alternate"),
        ("momo+stages=image.joint+mixing=alternate", "momo+stages=image"),
        ("momo+towers=separate", "momo+stages=image.joint+towers=separate"),
    ],
)
def test_stages_before_the_last_are_shared_where_nothing_tells_them_apart(text: str, before: str) -> None:
    found = parse(text).before()
    assert found is not None
    assert spell(found) == before


@pytest.mark.parametrize("text", ["momo+stages=image", "momo+stages=joint.pair+order=grit", "momo+stages=all"])
def test_the_first_stage_has_none_before_it(text: str) -> None:
    found = parse(text).before()
    assert (found is None) == ("." not in text)


@pytest.mark.parametrize("text", ["momo+stages=", "momo+stages=image.words", "momo+depth=3"])
def test_what_names_none_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse(text)
