"""The report of a run that is not MSP's: a network that sees pictures, pairs shown twice, and nothing of the paper."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from model.spec_json import to_plain
from model.specs import Corruption, Objective, Showing
from report.gather import gather
from report.inputs import ReportInputs
from tests.report import run
from tests.report.conftest import Page

MakeInputs = Callable[..., ReportInputs]
Written = Callable[..., Page]


def curriculum() -> Any:
    """The invented run's, on pictures; its last stage alone, MLM of which asks about the rows shown again."""
    first = run.curriculum()
    stage = first.stages[-1]
    again = Showing(
        corruptions=(Corruption(name="mask_words", options={"rate": 0.5}),), objectives=(Objective(name="mlm"),)
    )
    once = tuple(objective for objective in stage.streams[0].objectives if objective.name != "mlm")
    stream = dataclasses.replace(
        stage.streams[0], corruptions=(), objectives=once, more=(again,), view={"crop_scale": (0.5, 1.0)}
    )
    stage = dataclasses.replace(stage, streams=(stream,), starts_from=None)
    network = dataclasses.replace(first.network, images="patches")
    return to_plain(dataclasses.replace(first, network=network, stages=(stage,)))


def of_pairs(make: Callable[..., Any]) -> Any:
    """What `make` makes of such a run."""
    whole = {"curriculum": curriculum(), "regions": None, "tagger": None}
    return make(**whole, peers=("ALBEF", "LXMERT"), is_in_msp_paper=False)


def test_the_papers_tables_are_left_out_and_parameters_and_data_are_there_all_the_same(written: Written) -> None:
    page = of_pairs(written)
    assert page.report["paper"] is None
    assert page.report["tagger"] is None
    assert "Beside the paper" not in page.text
    assert "MSP paper" not in page.text
    assert page.report["trained"]["parameters"]["total"] == 207_362
    assert {207_362.0, 131_072.0, 3600.0} <= set(page.numbers)
    assert "pairs in the paper" not in page.text


def test_pictures_have_no_boxes_and_are_called_pictures(written: Written) -> None:
    page = of_pairs(written)
    assert "without ever seeing a picture" in page.text
    assert "Boxes are" not in page.text
    assert not [fields for tag, fields in page.tags if tag == "g" and "region" in (fields.get("class") or "")]
    assert "data:image/jpeg" in page.html


def test_only_peers_with_a_published_score_have_a_column(make_inputs: MakeInputs) -> None:
    assert gather(of_pairs(make_inputs)).peers == ["LXMERT"]


def test_objectives_of_rows_that_are_shown_again_come_after_those_of_the_first_time(make_inputs: MakeInputs) -> None:
    stage = gather(of_pairs(make_inputs)).stages["sentence"]
    assert list(stage.curves) == ["total", "mrfr", "moc", "tits", "itm_hs", "mlm"]


def test_the_settings_say_what_is_asked_when_rows_are_shown_again(written: Written) -> None:
    page = of_pairs(written)
    said = page.html.partition('id="settings"')[2]
    assert "objectives, shown again" in said
    assert "mask words (rate 0.5)" in said
    assert "crop scale" in said
