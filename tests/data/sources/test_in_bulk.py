"""Readers of many records at once give what the readers of single records give, whatever the bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import SourceError
from data.records import Rejection
from data.schema import TEXTS
from data.sources import all_sources

IN_BULK = [(name, content) for name, source in all_sources().items() for content in source.in_bulk]
NAMES = {"phrases": "phrase_id", "captions": "caption_id"}
SAME_FOLDER = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
BOX = {"x": 1, "y": 2, "width": 3, "height": 4}


def _outcome(read: Callable[[list[Rejection]], Iterator[Any]]) -> tuple[list[Any], list[Rejection]] | str:
    rejections: list[Rejection] = []
    try:
        return list(read(rejections)), rejections
    except SourceError as error:
        return str(error)


def _same(name: str, content: Any, path: Path) -> tuple[list[Any], list[Rejection]] | str:
    """What both readers say of a file."""
    source = all_sources()[name]

    def one_by_one(rejections: list[Rejection]) -> Iterator[Any]:
        for record in source.reads[content](path, rejections.append):
            yield (record.image_id, getattr(record, NAMES[content]), record.text)

    def in_bulk(rejections: list[Rejection]) -> Iterator[Any]:
        for batch in source.in_bulk[content](path, rejections.append):
            assert batch.schema == TEXTS
            yield from (tuple(row.values()) for row in batch.to_pylist())

    outcome = _outcome(in_bulk)
    assert outcome == _outcome(one_by_one)
    return outcome


@pytest.mark.parametrize(("name", "content"), IN_BULK)
def test_a_whole_file_gives_the_same_records(
    name: str, content: Any, whole_files: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(whole_files[name])
    records, rejections = _same(name, content, path)
    assert len(records) > 1
    assert rejections == []


@pytest.mark.parametrize(("name", "content"), IN_BULK)
@SAME_FOLDER
@given(data=st.data())
def test_a_file_with_wrong_bytes_or_cut_off_gives_the_same_records_rejections_or_error(
    name: str, content: Any, data: st.DataObject, whole_files: dict[str, bytes], tmp_path: Path
) -> None:
    contents = bytearray(whole_files[name])
    for _ in range(data.draw(st.integers(1, 3))):
        contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "file"
    path.write_bytes(contents[: data.draw(st.sampled_from([len(contents), len(contents) // 2, len(contents) - 1]))])
    _same(name, content, path)


@pytest.mark.parametrize(
    ("change", "num_rejected"),
    [
        ({}, 0),
        ({"phrase": "  two\u00a0\tdogs\n"}, 0),
        ({"phrase": "\u3000"}, 1),
        ({"phrase": ""}, 1),
        ({"phrase": None}, 1),
        ({"phrase": 3}, 1),
        ({"phrase": "\ud800"}, 0),  # which the parser reads as "?"
        ({"phrase": "caf\u00e9 \u65e5\u672c \x1c x"}, 0),
        ({"x": "1"}, 1),
        ({"x": True}, 1),
        ({"x": None}, 1),
        ({"x": 1.5, "y": -3}, 0),
        ({"width": 0}, 1),
        ({"height": 2_000_000}, 1),
        ({"w": 7}, 0),
        ({"h": 0}, 1),
        ({"region_id": -1}, 1),
        ({"region_id": 7.0}, 0),
        ({"region_id": 7.5}, 1),
        ({"region_id": 2**60}, 1),
        ({"region_id": None, "id": 5}, 1),
        ({"id": "other"}, 0),
    ],
)
def test_a_strange_phrase_among_good_ones_is_read_or_rejected_alike(
    change: dict[str, Any], num_rejected: int, tmp_path: Path
) -> None:
    regions = [{"region_id": number, "phrase": "a dog", **BOX} for number in range(3)]
    images = [{"id": 1, "regions": regions}, {"id": 2, "regions": [{**regions[0], **change}]}, {"id": 3, "regions": []}]
    path = tmp_path / "file"
    path.write_text(json.dumps(images))
    records, rejections = _same("vg_region_descriptions", "phrases", path)
    assert (len(records), len(rejections)) == (4 - num_rejected, num_rejected)


@pytest.mark.parametrize("change", [{"x": 10**400}, {"x": float("nan")}])
def test_what_no_json_parser_takes_is_refused_alike(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(json.dumps([{"id": 1, "regions": [{"region_id": 1, "phrase": "a dog", **BOX, **change}]}]))
    assert "JSON that breaks off or is wrong" in _same("vg_region_descriptions", "phrases", path)


def test_regions_of_the_old_release_and_images_that_are_none_are_read_alike(tmp_path: Path) -> None:
    old = [{"image_id": 1, "regions": [{"id": 4, "phrase": "a dog ", **BOX}]}]
    path = tmp_path / "file"
    for images in (old, [*old, 3], [*old, {"id": 5}], [*old, {"id": 5, "regions": [[1]]}], [{"id": 5, "regions": []}]):
        path.write_text(json.dumps(images))
        records, _ = _same("vg_region_descriptions", "phrases", path)
        assert records == ([("vg:1", "vg:4", "a dog")] if images[0] is old[0] else [])
