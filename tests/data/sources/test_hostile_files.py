"""Whatever the bytes: good records, counted rejections, or a SourceError; never another error, never a wrong row."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from data.errors import SourceError
from data.sources import all_sources
from data.sources.json_items import MAX_DEPTH, items, members

READERS = [
    (name, content) for name, source in all_sources().items() if not source.is_folder for content in source.reads
]
KEYED_JSON_SOURCES = ["gqa_questions", "gqa_scene_graphs", "gqa_test_questions"]  # one object, its keys are ids
JSON_SOURCES = [
    "coco_captions",
    "coco_image_info",
    "coco_instances",
    "coco_karpathy",
    "flickr30k",
    "gqa_answers",
    "lxmert_gqa",
    "lxmert_gqa_test",
    "lxmert_nlvr2",
    "lxmert_pretraining",
    "lxmert_vqa",
    "vg_attributes",
    "vg_image_data",
    "vg_objects",
    "vg_region_descriptions",
    "vqa_annotations",
    "vqa_answers",
    "vqa_questions",
]
LISTS = ["attribute_vocabulary", "flickr30k_captions", "object_vocabulary", "test_images", "texts", "validation_images"]
SAME_FOLDER = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _plain(records):
    """Records as nested lists: arrays have no equality of their own."""
    return [[v.tolist() if isinstance(v, np.ndarray) else v for v in _values(record)] for record in records]


def _values(record):
    if isinstance(record, str):
        return [record]
    values = [getattr(record, field.name) for field in dataclasses.fields(record)]
    return [value() if callable(value) else value for value in values]  # features are read when they are asked for


@pytest.mark.parametrize(("name", "content"), READERS)
@SAME_FOLDER
@given(contents=st.binary(max_size=200))
@example(contents=b"")
@example(contents=b"\xef\xbb\xbf[{}]")
@example(contents=b'{"images": [], "annotations": [], "categories": []}')
@example(contents=b"[[[[[[{}]]]]]]")
@example(contents=b"\x00" * 100)
@example(contents=b"NaN\n" * 3)
def test_random_bytes_give_clean_records_or_a_source_error(name, content, contents, read_all):
    try:
        records, rejections = read_all(name, content, contents)
    except SourceError:
        return
    assert records or rejections


@pytest.mark.parametrize(("name", "content"), READERS)
@SAME_FOLDER
@given(data=st.data())
def test_a_file_cut_off_at_any_byte_gives_a_beginning_of_its_records_or_an_error(
    name, content, data, whole_files, read_all
):
    contents = whole_files[name]
    records, _ = read_all(name, content, contents)
    cut = data.draw(st.integers(0, len(contents) - 1))
    try:
        found, rejections = read_all(name, content, contents[:cut])
    except SourceError:
        return
    assert rejections == []
    assert name not in (*JSON_SOURCES, *KEYED_JSON_SOURCES) or contents[cut:].isspace()
    complete = len(found) - (name in LISTS)  # whose last line may be short
    assert _plain(found[:complete]) == _plain(records[:complete])


@pytest.mark.parametrize(("name", "content"), READERS)
@SAME_FOLDER
@given(data=st.data())
def test_one_wrong_byte_gives_records_rejections_or_a_source_error(name, content, data, whole_files, read_all):
    contents = bytearray(whole_files[name])
    place = data.draw(st.integers(0, len(contents) - 1))
    contents[place] = data.draw(st.integers(0, 255))
    try:
        records, _ = read_all(name, content, bytes(contents))
    except SourceError:
        return
    for value in (value for record in records for value in _values(record)):
        for text in value if isinstance(value, tuple) else (value,):
            assert not isinstance(text, str) or text.encode().decode() == text


@pytest.mark.parametrize(("name", "content"), READERS)
@pytest.mark.parametrize("kind", ["missing", "folder", "below a file"])
def test_a_path_that_is_no_file_is_an_error_that_names_the_setting(name, content, kind, tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    path = {"missing": tmp_path / "nowhere", "folder": tmp_path / "folder", "below a file": tmp_path / "file/x"}[kind]
    with pytest.raises(SourceError) as caught:
        list(all_sources()[name].reads[content](path, pytest.fail))
    assert name in caught.value.way_out
    assert str(path) in caught.value.where


@pytest.mark.parametrize("name", JSON_SOURCES)
@pytest.mark.parametrize("contents", [b"3", b'"text"', b"null", b"{}", b"[]", b'{"images": {}}', b'{"annotations": 3}'])
def test_json_of_another_shape_is_refused(name, contents, read_all):
    for content in all_sources()[name].reads:
        with pytest.raises(SourceError):
            read_all(name, content, contents)


@pytest.mark.parametrize("name", KEYED_JSON_SOURCES)
@pytest.mark.parametrize("contents", [b"3", b'"text"', b"null", b"{}", b"[]", b'[{"1": {}}]', b'{"1": {}} 3'])
def test_json_that_is_no_object_with_members_is_refused(name, contents, read_all):
    for content in all_sources()[name].reads:
        with pytest.raises(SourceError):
            read_all(name, content, contents)


@pytest.mark.parametrize("name", KEYED_JSON_SOURCES)
def test_members_under_wild_keys_are_rejected_by_their_place(name, read_all):
    contents = ('{"' + "x" * 100 + '": {}, "": {}, "a b": 3, "\\u00e9": []}').encode()
    for content in all_sources()[name].reads:
        records, rejections = read_all(name, content, contents)
        assert records == []
        assert [rejection.record for rejection in rejections] == ["[0]", "[1]", "a b", "[3]"]


def test_an_object_nested_deeply_or_with_an_endless_member_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("data.sources.json_items.MAX_ITEM_BYTES", 1 << 20)
    path = tmp_path / "graphs.json"
    for contents in (b'{"a":' * 50_000, b'{"1": {"a": "' + b"x" * (2 << 20), b'{"1": [' + b"1," * (1 << 20)):
        path.write_bytes(contents)
        with pytest.raises(SourceError, match=r"nested|records of at most"):
            list(members(path, "gqa_scene_graphs"))
    path.write_bytes(b"{" + b",".join(b'"%d": "%s"' % (n, b"x" * (1 << 19)) for n in range(9)) + b"}")
    assert [key for _, (key, _) in members(path, "gqa_scene_graphs")] == [str(n) for n in range(9)]


def test_nesting_that_would_fill_the_memory_is_refused(tmp_path):
    path = tmp_path / "deep.json"
    for contents in (b"[" * 1_000_000, b"[" * 100_000 + b"]" * 100_000, b'[{"a":' * 50_000):
        path.write_bytes(contents)
        with pytest.raises(SourceError, match="nested"):
            list(items(path, "vg_objects"))


def test_nesting_up_to_the_limit_is_read_and_brackets_inside_texts_do_not_count(tmp_path):
    path = tmp_path / "deep.json"
    path.write_bytes(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert len(list(items(path, "vg_objects"))) == 1
    text = b'"' + b'[\\"{\\\\' * 40_000 + b'"'
    path.write_bytes(b"[" + text + b"," + text + b"]")
    assert [len(item) for _, item in items(path, "vg_objects")] == [160_000, 160_000]


def test_a_record_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("data.sources.json_items.MAX_ITEM_BYTES", 1 << 20)
    path = tmp_path / "long.json"
    for contents in (b'["' + b"x" * (2 << 20), b'[{"a": [' + b"1," * (1 << 20)):
        path.write_bytes(contents)
        with pytest.raises(SourceError, match="records of at most"):
            list(items(path, "vg_objects"))
    path.write_bytes(b"[" + (b'{"a": "' + b"x" * (1 << 19) + b'"},') * 9 + b"{}]")
    assert len(list(items(path, "vg_objects"))) == 10


def test_a_number_without_end_is_refused_at_once_and_long_ones_are_no_other_error(tmp_path):
    path = tmp_path / "number.json"
    path.write_bytes(b"[1, " + b"9" * (4 << 20))
    with pytest.raises(SourceError, match="one of more than 65,536 digits"):
        list(items(path, "vg_objects"))
    for number in (b"9" * 5_000, b"1." + b"9" * 5_000 + b"e9999", b"-" + b"9" * 70_000):
        path.write_bytes(b"[1, " + number + b"]")
        with pytest.raises(SourceError, match=r"wrong after 1 records|digits"):
            list(items(path, "vg_objects"))


def test_a_good_line_after_twenty_bad_ones_does_not_save_a_file_of_another_format(read_all, make_obj36_line):
    contents = "x\n" * 19 + make_obj36_line("9")
    records, rejections = read_all("obj36", "regions", contents.encode())
    assert (len(records), len(rejections)) == (1, 19)
    with pytest.raises(SourceError, match="line 20"):
        read_all("obj36", "regions", b"x\n" + contents.encode())
