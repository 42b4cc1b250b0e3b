"""Measurements run at a small size, and compare ways that do the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.sources import coco_captions, vg_region_descriptions
from speed import captions, generating, measuring, phrases
from speed.measuring import Row, Taken


def test_generated_files_are_read_whole_by_the_publishers_readers(tmp_path: Path) -> None:
    regions, sentences = tmp_path / "regions.json", tmp_path / "captions.json"
    generating.region_descriptions(regions, num_images=40, num_regions=1000)
    generating.captions(sentences, num_images=40, num_captions=200)
    found = list(vg_region_descriptions.phrases(regions, pytest.fail))
    assert (len(found), len({record.phrase_id for record in found})) == (1000, 1000)
    assert 0.2 < len({record.text for record in found}) / 1000 <= 1
    assert len({record.caption_id for record in coco_captions.captions(sentences, pytest.fail)}) == 200
    assert len(list(coco_captions.images(sentences, pytest.fail))) == 40
    again = tmp_path / "again.json"
    generating.region_descriptions(again, num_images=40, num_regions=1000)
    assert again.read_bytes() == regions.read_bytes()
    assert set(json.loads(regions.read_bytes())[0]) == {"id", "regions"}


def test_captions_become_the_ids_of_the_tokenizers_library() -> None:
    row = captions.measure(3000, num_rounds=1)
    assert row.ratio > 0


def test_phrases_become_the_rows_of_pandas_in_bounded_memory() -> None:
    grouped, whole = phrases.measure(5000, num_rounds=1)
    assert 0 < grouped.ours.peak_mib < 1024
    assert 0 < whole.ours.peak_mib < 1024


def test_ways_take_turns_and_their_middle_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    clock = iter([0, 1, 1, 3, 10, 19, 20, 24, 30, 32, 32, 35])
    monkeypatch.setattr(measuring.time, "perf_counter", lambda: next(clock))
    ours, theirs = measuring.by_turns([lambda: order.append("a"), lambda: order.append("b")], num_rounds=3)
    assert order == ["a", "b"] * 3
    assert (ours.seconds, theirs.seconds) == (2, 3)  # of 1, 9, 2 and of 2, 4, 3


def test_a_table_says_ratio_and_target() -> None:
    row = Row(work="w", against="a", ours=Taken(seconds=2), theirs=Taken(seconds=9, peak_mib=1234), target=4)
    assert measuring.table([row]).splitlines()[-1] == "| w | a | 2.00 s | 9.00 s, 1,234 MiB | 4.5 | at least 4 |"
