"""GRIT-VLP's curriculum as data, its control, and all between."""

from __future__ import annotations

import json

import pytest

from data.errors import UserError
from model import plugins
from model.curricula.grit import ALBEF, GRIT, PAPER, PIXELS, GritReadings, GritSizes, curriculum, parse, spell
from model.patches import Grid
from model.spec_json import from_plain, to_plain
from model.specs import Curriculum


@pytest.mark.parametrize("sizes", [PAPER, PIXELS])
@pytest.mark.parametrize("readings", [GRIT, ALBEF, parse("albef+momentum=0.995")])
def test_it_names_only_files_that_exist_and_survives_json(sizes: GritSizes, readings: GritReadings) -> None:
    made = curriculum(sizes, seed=5, readings=readings)
    (stage,) = made.stages
    (stream,) = stage.streams
    plugins.load("networks", made.network.name)
    plugins.load("orders", stream.order.name)
    for objective in stream.all_objectives():
        plugins.load("objectives", objective.name)
    for corruption in stream.all_corruptions():
        plugins.load("corruptions", corruption.name)
    assert Grid.of(made.network).size_px in (256, 112)
    assert from_plain(Curriculum, json.loads(json.dumps(to_plain(made)))) == made


def test_pairs_are_shown_as_they_are_and_again_with_half_of_the_words_masked() -> None:
    stream = curriculum(PAPER, seed=1, readings=GRIT).stages[0].streams[0]
    assert [(each.name, each.weight) for each in stream.objectives] == [
        ("itc", 1.0), ("consistency", 0.2), ("itm_in_batch", 1.0),
    ]  # fmt: skip
    assert stream.corruptions == ()
    (masked,) = stream.more
    assert masked.corruptions[0].options == {"rate": 0.5}
    assert stream.order.options == {"queue": 48_000, "search_space": 1920}
    assert stream.objectives[2].options["choice"] == "argmax"


def test_the_control_shuffles_draws_its_negatives_masks_less_and_keeps_nothing_consistent() -> None:
    stream = curriculum(PAPER, seed=1, readings=ALBEF).stages[0].streams[0]
    assert [each.name for each in stream.objectives] == ["itc", "itm_in_batch"]
    assert stream.objectives[1].options["choice"] == "multinomial"
    assert (stream.order.name, stream.more[0].corruptions[0].options) == ("shuffle", {"rate": 0.15})


def test_with_momentum_images_and_texts_are_compared_with_a_teachers_and_with_those_of_earlier_rows() -> None:
    stream = curriculum(PAPER, seed=1, readings=parse("albef+momentum=0.995")).stages[0].streams[0]
    assert [each.name for each in stream.objectives] == ["itc_momentum", "itm_in_batch"]
    assert stream.objectives[0].options == {"momentum": 0.995, "queue": 65_536, "alpha": 0.4, "same_image": "ignored"}
    with pytest.raises(UserError, match="momentum"):
        curriculum(PAPER, seed=1, readings=parse("albef+momentum=1.5"))


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("grit", "grit"),
        ("albef", "albef"),
        ("grit+mask_rate=0.30", "grit+mask_rate=0.3"),
        ("albef+order=grit+mask_rate=0.5+consistency_weight=0.2", "grit+choice=multinomial"),
        ("grit+order=shuffle", "grit+order=shuffle"),
        ("albef+momentum=0.9950", "albef+momentum=0.995"),
    ],
)
def test_a_text_names_readings_and_each_has_one_spelling(text: str, shortest: str) -> None:
    assert spell(parse(text)) == shortest
    assert parse(shortest) == parse(text)


@pytest.mark.parametrize(
    ("text", "found"), [("", "''"), ("momo", "'momo'"), ("grit+rate=1", "'rate=1'"), ("grit+mask_rate=half", "'half'")]
)
def test_what_names_none_is_refused(text: str, found: str) -> None:
    with pytest.raises(UserError, match="grit or albef") as refused:
        parse(text)
    assert refused.value.found.startswith(found)


def test_negatives_from_a_list_are_a_showing_of_their_own_in_place_of_those_of_the_batch() -> None:
    stream = curriculum(PAPER, seed=1, readings=parse("albef+choice=offline")).stages[0].streams[0]
    assert [each.name for each in stream.objectives] == ["itc"]
    _, swapped = stream.more
    assert [(each.name, each.has_negatives) for each in swapped.corruptions] == [("swap_image", True)]
    assert [each.name for each in swapped.objectives] == ["itm_hs"]


def test_a_length_is_a_share_of_the_epochs_and_never_none() -> None:
    lengths = {
        text: curriculum(PAPER, seed=1, readings=parse(text)).stages[0].budget.num_epochs
        for text in ("grit", "grit+length=0.333", "grit+length=0.01")
    }
    assert lengths == {"grit": 20, "grit+length=0.333": 7, "grit+length=0.01": 1}
