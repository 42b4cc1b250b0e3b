"""A collection of the user's own: the same rows as JSON lines and as Parquet, and what is wrong with a row."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import SourceError
from data.records import BoxRecord, CaptionRecord, ImageRecord, PhraseRecord
from data.sources import all_sources

CONTENTS = ("images", "captions", "phrases", "boxes")


def _lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.fixture
def write_parquet(tmp_path):
    def write(rows, **options):
        path = tmp_path / "rows.parquet"
        names = list(dict.fromkeys(name for row in rows for name in row))
        pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path, **options)
        return path

    return write


def _read(path, name, content):
    rejections = []
    records = list(all_sources()[name].reads[content](path, rejections.append))
    return records, [(r.record, r.field, r.reason) for r in rejections]


def test_a_row_is_an_image_with_its_captions_phrases_and_boxes(whole_files, read_all):
    found = {content: read_all("collection", content, whole_files["collection"]) for content in CONTENTS}
    assert all(rejections == [] for _, rejections in found.values())
    assert found["images"][0] == [
        ImageRecord(
            image_id="birds:17",
            file_name="17.jpg",
            width_px=640,
            height_px=480,
            group_id="nest-3",
            split="train",
        ),
        ImageRecord(image_id="birds:b.2", file_name=None, width_px=None, height_px=None, same_as="coco:42"),
    ]
    assert found["captions"][0] == [
        CaptionRecord(image_id="birds:17", caption_id="birds:17#c0", text="A wren sits on a post."),
        CaptionRecord(image_id="birds:17", caption_id="birds:17#c1", text="A small brown bird."),
        CaptionRecord(image_id="birds:b.2", caption_id="birds:b.2#c0", text="Two robins"),
    ]
    assert found["phrases"][0] == [
        PhraseRecord(image_id="birds:17", phrase_id="birds:17#r1", text="a green garden", box=(0, 0, 640, 480))
    ]
    assert found["boxes"][0] == [
        BoxRecord(image_id="birds:17", box=(10, 20, 110.5, 220), label="wren", attributes=("brown", "small"))
    ]


@pytest.mark.parametrize("content", CONTENTS)
def test_parquet_holds_the_same_rows_as_json_lines(collection_rows, write_parquet, whole_files, read_all, content):
    expected, _ = read_all("collection", content, whole_files["collection"])
    assert _read(write_parquet(collection_rows), "collection", content) == (expected, [])


def test_captions_of_an_image_in_several_rows_are_numbered_on(read_all):
    rows = [{"image": "birds:1", "caption": text} for text in ("a", "b")]
    captions, _ = read_all("collection", "captions", _lines(*rows))
    assert [caption.caption_id for caption in captions] == ["birds:1#c0", "birds:1#c1"]


@pytest.mark.parametrize("as_parquet", [True, False])
def test_features_are_those_of_the_boxes_with_their_labels_by_name(
    collection_region_rows, write_parquet, tmp_path, as_parquet
):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(_lines(*collection_region_rows))
    if as_parquet:
        halves = [np.full((2, 2048), 0.5, "<f4"), np.ones((1, 2048), "<f4")]
        rows = [row | {"features": half.tobytes()} for row, half in zip(collection_region_rows, halves, strict=True)]
        path = write_parquet(rows, row_group_size=1)
    reader = all_sources()["collection_regions"].regions
    located = list(reader.located(path, pytest.fail, lambda place: True))
    fetched = list(reader.at(path, [place for place, _ in reversed(located)]))
    first, second = fetched[::-1]
    assert (first.image_id, second.image_id) == ("birds:17", "birds:18")
    assert first.boxes_R4.tolist() == [[10, 20, 110.5, 220], [0, 0, 640, 480]]
    assert first.object_names == ("wren", None)
    assert first.object_conf_R.tolist() == [0.75, 0.5]
    assert second.object_conf_R.tolist() == [1]
    assert first.features().shape == (2, 2048)
    assert set(first.features().ravel().tolist()) == {0.5}
    assert second.features()[0, 0] == 1
    assert (first.width_px, first.height_px) == (640, 480)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"captoins": ["a"]}, ("line 1", "captoins", "unknown field")),
        ({"image": "17"}, ("line 1", "image", "image id of unknown form")),
        ({"image": "Birds:17"}, ("line 1", "image", "image id of unknown form")),
        ({"image": "vg:x"}, ("line 1", "image", "image id of unknown form")),
        ({"image": "birds:" + "x" * 41}, ("line 1", "image", "image id of unknown form")),
        ({"image": None}, ("line 1", "image", "missing field")),
    ],
)
def test_a_row_that_names_no_image_or_an_unknown_field_is_rejected_by_its_line(read_all, change, reason):
    contents = _lines({"image": "birds:1"} | change, {"image": "birds:2"})
    for content in CONTENTS:
        _, rejections = read_all("collection", content, contents)
        assert [(r.record, r.field, r.reason) for r in rejections] == [reason]


@pytest.mark.parametrize(
    ("content", "change", "reason"),
    [
        ("images", {"split": "val"}, ("split", "neither train, validation nor test")),
        ("images", {"split": 1}, ("split", "neither train, validation nor test")),
        ("images", {"width": 0}, ("width", "impossible image size")),
        ("images", {"same_as": "42"}, ("same_as", "image id of unknown form")),
        ("images", {"group": "a b"}, ("group", "not a name of at most 64 signs without spaces")),
        ("captions", {"captions": "a"}, ("captions", "not a list")),
        ("captions", {"captions": [None]}, ("captions", "not a text")),
        ("captions", {"captions": ["a"], "caption": "b"}, ("caption", "captions stand beside it")),
        ("boxes", {"boxes": [[1, 2, 3, 4]], "labels": []}, ("labels", "another number than of boxes")),
        (
            "boxes",
            {"boxes": [[1, 2, 3, 4]], "labels": ["a"], "attributes": ["b"]},
            ("attributes", "not a list of lists"),
        ),
        ("boxes", {"boxes": [[1, 2, 1, 4]], "labels": ["a"]}, ("box", "box without area")),
        ("boxes", {"boxes": [[1, 2, 3]], "labels": ["a"]}, ("boxes", "not four numbers")),
        ("boxes", {"labels": ["a"]}, ("labels", "another number than of boxes")),
        ("phrases", {"boxes": [[1, 2, 3, 4]], "phrases": [""]}, ("phrases", "empty text")),
        ("phrases", {"boxes": [[1, 2, float("nan"), 4]], "phrases": ["a"]}, ("boxes", "not a finite number")),
    ],
)
def test_a_row_with_a_mistake_gives_nothing_and_is_rejected_by_its_image(read_all, content, change, reason):
    records, rejections = read_all("collection", content, _lines({"image": "birds:1"} | change))
    assert records == []
    assert [(r.record, r.field, r.reason) for r in rejections] == [("birds:1", *reason)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"features": "*"}, ("features", "not base64")),
        ({"features": "AAAA"}, ("features", "another length than num_boxes says")),
        ({"features": None}, ("features", "missing field")),
        ({"features": [1.0]}, ("features", "not 2048 float32 a box, as bytes or base64")),
        ({"boxes": [], "labels": []}, ("boxes", "not from 1 to 100 boxes")),
        ({"width": None}, ("width", "missing field")),
        ({"confidences": [0.5]}, ("confidences", "another number than of boxes")),
        ({"confidences": ["a", "b"]}, ("confidences", "not a number")),
    ],
)
def test_a_row_without_usable_features_is_rejected_by_its_image(collection_region_rows, read_all, change, reason):
    _, rejections = read_all("collection_regions", "regions", _lines(collection_region_rows[0] | change))
    assert [(r.record, r.field, r.reason) for r in rejections] == [("birds:17", *reason)]


def test_a_column_that_is_no_field_or_groups_of_rows_that_do_not_fit_into_memory_are_errors(
    write_parquet, collection_region_rows, monkeypatch
):
    with pytest.raises(SourceError, match="a column 'captoin'"):
        _read(write_parquet([{"image": "birds:1", "captoin": "a"}]), "collection", "captions")
    monkeypatch.setattr("data.sources.collection_rows.MAX_ROWS_OF_GROUP", 1)
    path = write_parquet([row | {"features": b""} for row in collection_region_rows])
    with pytest.raises(SourceError, match=r"groups of at most 1 rows .* found one of 2"):
        _read(path, "collection_regions", "regions")
    assert len(_read(path, "collection", "images")[0]) == 2


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_parquet_that_was_cut_off_or_has_no_row_is_an_error(write_parquet, collection_rows, share):
    path = write_parquet(collection_rows)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(SourceError, match="breaks off or is wrong"):
        _read(path, "collection", "images")
    pq.write_table(pa.table({"image": pa.array([], pa.string())}), path)
    with pytest.raises(SourceError, match="no row in it"):
        _read(path, "collection", "images")


def test_rows_that_changed_between_the_readings_are_errors(write_parquet, collection_region_rows, tmp_path):
    rows = [row | {"features": np.ones((len(row["boxes"]), 2048), "<f4").tobytes()} for row in collection_region_rows]
    reader = all_sources()["collection_regions"].regions
    with pytest.raises(SourceError, match="no row 2"):
        list(reader.at(write_parquet(rows), [2]))
    with pytest.raises(SourceError, match="features"):
        list(reader.at(write_parquet([rows[0] | {"features": b"x"}]), [0]))
    path = tmp_path / "rows.jsonl"
    path.write_bytes(_lines({"image": "birds:17", "boxes": [[1, 2, 3, 4]]}))
    with pytest.raises(SourceError, match="width: missing field"):
        list(reader.at(path, [0]))
