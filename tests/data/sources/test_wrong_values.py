"""Whole files with one thing changed in a way that people and broken programs change it: no wrong row, no other error.

Where test_hostile_files.py changes bytes, here a value in a JSON document, a column of a table, a line or an array
becomes something else, of another type, huge, nested or missing. What is read must still be a well-formed record.
"""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import SourceError
from data.sources import all_sources
from tests.data.sources.well_formed import check
from tests.data.sources.wild import DEEP, FAST, WILD, WILD_ARRAYS, WILD_COLUMNS

READERS = [
    (name, content) for name, source in all_sources().items() if not source.is_folder for content in source.reads
]


@pytest.mark.parametrize(("name", "content"), READERS)
@FAST
@given(data=st.data())
def test_one_wrong_value_gives_well_formed_records_rejections_or_a_source_error(
    name, content, data, whole_files, read_all
):
    _check_with_a_wrong_value(name, content, data, whole_files[name], read_all)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "content"), READERS)
@DEEP
@given(data=st.data())
def test_one_wrong_value_many_times_over(name, content, data, whole_files, read_all):
    _check_with_a_wrong_value(name, content, data, whole_files[name], read_all)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "content"), READERS)
@DEEP
@given(data=st.data())
def test_bytes_that_are_wrong_repeated_or_cut_out_many_times_over(name, content, data, whole_files, read_all):
    contents = bytearray(whole_files[name])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(contents)))
        stop = min(len(contents), start + data.draw(st.sampled_from([0, 1, 2, 8, 1_000])))
        piece = data.draw(st.one_of(st.binary(max_size=8), st.just(bytes(contents[start:stop]) * 2)))
        contents[start:stop] = piece
    _check_all(name, content, bytes(contents), read_all)


@pytest.mark.parametrize(("name", "content"), READERS)
def test_a_file_twice_over_gives_every_row_twice_or_an_error(name, content, whole_files, read_all):
    """Ids that repeat are for the builders to reject, which see all files; a reader must not drop or mix any."""
    if whole_files[name].startswith(b"PAR1"):
        pytest.skip("Parquet says at its end where everything lies: of two files in one the last is read")
    once, _ = read_all(name, content, whole_files[name])
    end = b"" if whole_files[name].endswith(b"\n") else b"\n"
    try:
        twice, rejections = read_all(name, content, whole_files[name] + end + whole_files[name])
    except SourceError:
        return
    assert rejections == []
    per_image_once = content == "images" and len(twice) == len(once)
    assert per_image_once or len(twice) == 2 * len(once)


def _check_with_a_wrong_value(name, content, data, contents, read_all):
    if contents.startswith(b"\x80"):
        changed = _with_wrong_array(contents, data)
    elif contents.lstrip()[:1] in b"{[":
        changed = _with_wrong_json(contents, data)
    else:
        changed = _with_wrong_column(contents, data)
    _check_all(name, content, changed, read_all)


def _with_wrong_json(contents, data):
    """The document, or each of its lines, with one node replaced, removed, renamed or repeated."""
    text = contents.decode()
    try:
        documents = [json.loads(text)]
    except ValueError:
        documents = [json.loads(line) for line in text.splitlines()]
    paths = [(number, *path) for number, document in enumerate(documents) for path in _paths(document)]
    *parents, last = data.draw(st.sampled_from(paths))
    node = documents
    for step in parents:
        node = node[step]
    change = data.draw(st.sampled_from(["replace", "replace", "remove", "repeat", "rename"]))
    if change == "replace":
        node[last] = data.draw(st.sampled_from(WILD))
    elif change == "remove" and parents:
        del node[last]
    elif isinstance(node, list):
        node.insert(last, node[last])
    elif isinstance(node, dict):
        node[data.draw(st.sampled_from(["", "x" * 100, "id", "\ud800", "__class__"]))] = node.pop(last)
    lines = [json.dumps(document) for document in documents]
    return "\n".join(lines).encode() + b"\n"


def _paths(node, depth=0):
    """The path to every value of a document."""
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, value in steps:
        yield (step,)
        if depth < 8:
            yield from ((step, *path) for path in _paths(value, depth + 1))


def _with_wrong_column(contents, data):
    """The table with one column of one line replaced, removed or repeated; a line of a list is one column."""
    lines = [line.split(b"\t") for line in contents.splitlines()]
    line = data.draw(st.sampled_from(lines))
    place = data.draw(st.integers(0, len(line) - 1))
    change = data.draw(st.sampled_from(["replace", "replace", "remove", "repeat"]))
    if change == "replace":
        line[place] = data.draw(st.sampled_from(WILD_COLUMNS))
    elif change == "remove":
        del line[place]
    else:
        line.insert(place, line[place])
    return b"\n".join(b"\t".join(line) for line in lines) + b"\n"


def _with_wrong_array(contents, data):
    """The pickle with one value of its dictionary replaced."""
    values = pickle.loads(contents)  # our own file
    key = data.draw(st.sampled_from(sorted(values)))
    values[key] = data.draw(st.sampled_from([*WILD_ARRAYS, *WILD, b"bytes", (1,), {1: 2}]))
    return pickle.dumps(values, protocol=data.draw(st.sampled_from([2, 4, 5])))


def _check_all(name, content, contents, read_all):
    try:
        found, rejections = read_all(name, content, contents)
    except SourceError:
        return
    for record in found:
        check(record)
    for rejection in rejections:
        assert rejection.source == name
        assert 0 < len(rejection.reason) < 100
        assert len(rejection.record) < 200, "a name from outside is no name for a record"
        assert len(rejection.field) < 200
