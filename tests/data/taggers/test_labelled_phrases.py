"""The verb filter on phrases that were labelled by hand, and on a treebank's test split: bounds with a margin."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from speed import verb_filter
from speed.verb_filter import LABELLED, LABELS, Row


@pytest.mark.parametrize(("labels", "num_phrases"), [("visual_genome_2images", 111), ("standin_coco_val2017", 150)])
def test_every_label_is_one_of_three_and_every_phrase_has_one(labels: str, num_phrases: int) -> None:
    with (LABELS / f"{labels}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["region_id"] for row in rows}) == len(rows) == num_phrases
    assert {row["label"] for row in rows} == {"verb", "aux", "none"}
    assert f"{labels}.csv" in {file for _, file in LABELLED.values()}


@pytest.mark.slow
def test_every_backend_mode_and_rule_finds_the_verbs_of_labelled_phrases(
    tmp_path: Path, shared_data: Callable[[str], Path], short: bool
) -> None:
    shared = shared_data("ud_english_ewt").parent
    size = {"num_sentences": 3000, "num_epochs": 4} if short else {}
    rows = verb_filter.scores(shared, verb_filter.train(shared, tmp_path, **size))
    assert len(rows) == 3 * 2 * 2 * 2  # texts, backends, modes, rules
    margin = 0.06 if short else 0.0
    assert [row for row in rows if min(row.precision, row.recall) < _least(row) - margin] == []
    sparing = [row.tagged_rate for row in rows if row.mode == "lexicon_first"]
    assert max(sparing) < 0.7
    assert {row.tagged_rate for row in rows if row.mode == "exact"} == {1.0}


def _least(row: Row) -> float:
    """Some hundredths below what was measured (docs/msp.md)."""
    if row.texts.startswith("EWT"):
        return 0.93
    return 0.8 if row.texts.startswith("Visual Genome") else 0.87
