"""Measurements run at a small size, and compare ways that do the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.sources import coco_captions, obj36, vg_region_descriptions
from speed import captions, generating, phrases, pictures, region_batches, region_files, regions


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


def test_a_generated_table_is_read_whole_and_says_where_its_features_start(tmp_path: Path) -> None:
    path = tmp_path / "obj36.tsv"
    starts = region_files.table(path, num_rows=5)
    content = path.read_bytes()
    assert all(content[start - 1 : start] == b"\t" for start in starts)
    assert all(content[start + region_files.NUM_SIGNS] == ord("\n") for start in starts)
    found = list(obj36.regions(path, pytest.fail))
    assert sorted(record.image_id for record in found) == sorted(region_files.image_ids(5))
    assert all(record.features().shape == (36, 2048) for record in found)


def test_regions_become_the_rows_of_the_published_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sync", lambda: None)
    rows = regions.measure(20, folder=tmp_path, num_rounds=1)
    assert [row.ratio > 0 for row in rows] == [True] * 5
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_read_and_shown_in_each_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sync", lambda: None)
    rows = pictures.measure(40, batch_size=4, folder=tmp_path, num_rounds=1)
    assert [row.ratio > 0 for row in rows] == [True] * 3
    assert list(tmp_path.iterdir()) == []


def test_random_batches_are_measured_warm_and_cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sync", lambda: None)
    rows = region_batches.measure(20, batch_size=4, folder=tmp_path, num_rounds=1)
    assert [row.ratio > 0 for row in rows] == [True] * 3
