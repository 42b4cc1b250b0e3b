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
from data.sources.json_items import items_together

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
    assert records
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


STRANGE_TEXTS = [
    ("two dogs", 0),
    ("  two\u00a0\tdogs\n", 0),
    ("\u3000", 1),
    ("", 1),
    (None, 1),
    (3, 1),
    (["a"], 1),
    ("\ud800", 0),  # which the parser reads as "?"
    ("caf\u00e9 \u65e5\u672c \x1c x", 0),
]
STRANGE_NUMBERS = [(7, 0), (7.0, 0), (7.5, 1), (-1, 1), (2**60, 1), (True, 1), ("7", 1), (None, 1), ([7], 1)]


def _strange(text: str, *numbers: str) -> list[tuple[dict[str, Any], int]]:
    """What a record may hold under the names of its text and of its numbers, and how many are rejected for it."""
    changes = [({text: value}, num_rejected) for value, num_rejected in STRANGE_TEXTS]
    return changes + [({name: value}, num_rejected) for name in numbers for value, num_rejected in STRANGE_NUMBERS]


@pytest.mark.parametrize(("change", "num_rejected"), _strange("caption", "id", "image_id"))
def test_a_strange_caption_among_good_ones_is_read_or_rejected_alike(
    change: dict[str, Any], num_rejected: int, tmp_path: Path
) -> None:
    captions: list[Any] = [{"id": number, "image_id": 9, "caption": "a dog"} for number in range(3)]
    path = tmp_path / "file"
    path.write_text(json.dumps({"images": [], "annotations": [*captions, {**captions[0], **change}, captions[1]]}))
    records, rejections = _same("coco_captions", "captions", path)
    assert (len(records), len(rejections)) == (5 - num_rejected, num_rejected)
    path.write_text(json.dumps({"annotations": [*captions, [1], "x", {"id": 1}]}))
    records, rejections = _same("coco_captions", "captions", path)
    assert (len(records), len(rejections)) == (3, 3)


@pytest.mark.parametrize(("change", "num_rejected"), _strange("raw", "sentid"))
@pytest.mark.parametrize(
    ("name", "image"), [("coco_karpathy", {"cocoid": 9}), ("flickr30k", {"filename": "36979.jpg"})]
)
def test_a_strange_sentence_among_good_ones_is_read_or_rejected_alike(
    name: str, image: dict[str, Any], change: dict[str, Any], num_rejected: int, tmp_path: Path
) -> None:
    sentences: list[Any] = [{"sentid": number, "raw": "a dog"} for number in range(3)]
    strange = {**image, "sentences": [{**sentences[0], **change}, sentences[1]]}
    images = [{**image, "sentences": sentences}, strange, {**image, "sentences": []}]
    path = tmp_path / "file"
    path.write_text(json.dumps({"images": images}))
    records, rejections = _same(name, "captions", path)
    assert (len(records), len(rejections)) == (5 - num_rejected, num_rejected)
    path.write_text(json.dumps({"images": [*images[:1], {"sentences": sentences}, {**image, "sentences": 3}, [1]]}))
    records, rejections = _same(name, "captions", path)
    assert (len(records), len(rejections)) == (3, 3)


def test_large_members_come_fewer_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.sources.json_items._BYTES_TOGETHER", 1 << 16)
    path = tmp_path / "file"
    path.write_text(json.dumps({"annotations": ["x" * 40_000] * 9 + ["y"] * 9}))
    batches = list(items_together(path, "coco_captions", under="annotations", at_once=5))
    assert max(len(batch.items) for batch in batches[:3]) < 5
    assert [name for batch in batches for name, _ in batch.named()] == [f"annotations[{n}]" for n in range(18)]


def test_the_publishers_captions_are_read_alike(shared_data: Path) -> None:
    records, rejections = _same("coco_captions", "captions", shared_data / "coco/annotations/captions_val2017.json")
    assert (len(records), rejections) == (25_014, [])
