"""Whole files with one thing changed in a way that people and broken programs change it: no wrong row, no other error.

Where test_hostile_files.py changes bytes, here a value in a JSON document, a column of a table, a line or an array
becomes something else, of another type, huge, nested or missing. What is read must still be a well-formed record.
"""

import base64
import contextlib
import dataclasses
import io
import itertools
import json
import math
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import records
from data.errors import SourceError
from data.sources import all_sources
from data.sources.ids import image_id_of

CHECKOUT = Path(__file__).parents[3]
READERS = [(name, content) for name, source in all_sources().items() for content in source.reads]
FAST = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DEEP = settings(FAST, max_examples=300)
NESTED = json.loads("[" * 200 + "]" * 200)
WILD = [
    None,
    True,
    -1,
    0,
    0.5,
    1e308,
    10**400,
    math.nan,
    math.inf,
    -math.inf,
    "",
    " \n",
    "\ud800",
    "9" * 5_000,
    "x" * 100_000,
    "\0",
    "../../etc/passwd",
    [],
    {},
    [[]],
    {"": {"": None}},
    NESTED,
    "\N{RIGHT-TO-LEFT OVERRIDE}abc",
]
WILD_COLUMNS = [
    b"",
    b"-1",
    b"0",
    b"1e3",
    b"9" * 5_000,
    b"\xff\xfe",
    b"\x00",
    b"*",
    b"AAA",
    b"\xc2\xb2",  # a superscript two, which is a digit to Python
    base64.b64encode(np.full((2, 2048), np.nan, "<f4").tobytes()),
    base64.b64encode(np.full((2, 4), np.inf, "<f4").tobytes()),
    base64.b64encode(np.full(2, -(2**63), "<i8").tobytes()),
]
WILD_ARRAYS = [
    np.zeros((0, 3)),
    np.full((3, 3), np.nan),
    np.full((3, 3), 1e300),
    np.array([None], dtype=object),
    np.array(["a", "b", "c"]),
    np.zeros((3, 3), complex),
    np.zeros((3, 3, 3, 3)),
    np.array(5),
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
        _check(record)
    for rejection in rejections:
        assert rejection.source == name
        assert 0 < len(rejection.reason) < 100
        assert len(rejection.record) < 200, "a name from outside is no name for a record"
        assert len(rejection.field) < 200


def _check(record):
    """What must hold of every record, whatever it was read from."""
    if isinstance(record, str):
        assert record.encode().decode() == record
        return
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        for text in value if isinstance(value, tuple) else (value,):
            assert not isinstance(text, str) or text.encode().decode() == text
    for image_id in _image_ids(record):
        assert re.fullmatch(r"[a-z][a-z0-9_]*:[!-~]{1,50}", image_id)
        assert image_id_of(image_id) == image_id
    if isinstance(record, records.CaptionRecord | records.PhraseRecord | records.QuestionRecord):
        assert record.text == " ".join(record.text.split()) != ""
    if isinstance(record, records.PhraseRecord | records.BoxRecord) and record.box is not None:
        assert all(map(math.isfinite, record.box))
        assert record.box[0] < record.box[2]
        assert record.box[1] < record.box[3]
    if isinstance(record, records.BoxRecord):
        assert record.label == " ".join(record.label.split()) != ""
    if isinstance(record, records.ImageRecord):
        assert all(size is None or 0 < size <= 1_000_000 for size in (record.width_px, record.height_px))
        assert record.split in (None, "train", "validation", "test")
    if isinstance(record, records.RegionRecord):
        _check_regions(record)


def _check_regions(record):
    num_boxes = len(record.features())
    assert 1 <= num_boxes <= 100
    assert record.features().shape == (num_boxes, 2048)
    assert record.boxes_R4.shape == (num_boxes, 4)
    for values in (record.object_ids_R, record.object_conf_R, record.attribute_ids_R, record.attribute_conf_R):
        assert values.shape == (num_boxes,)
    for values in (record.features(), record.boxes_R4, record.object_conf_R, record.attribute_conf_R):
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    assert record.object_ids_R.dtype == record.attribute_ids_R.dtype == np.int64
    assert record.object_names is None or len(record.object_names) == num_boxes


def _image_ids(record):
    if isinstance(record, records.QuestionRecord):
        return record.image_ids
    if isinstance(record, records.NegativesRecord):
        return (record.image_id, *record.negative_ids)
    return (record.image_id,) if hasattr(record, "image_id") else ()


def _npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


ARRAYS = {
    "features": np.ones((2, 2048), np.float32),
    "boxes": np.array([[0, 0, 3, 4], [1, 1, 2, 2]], np.float32),
    "num_boxes": 2,
    "image_h": 480,
    "image_w": 640,
}


def _check_arrays(contents, folder, suffix):
    path = folder / f"42{suffix}"
    path.write_bytes(contents)
    source = all_sources()["coco_regions"]
    with contextlib.suppress(SourceError):
        for record in source.reads["regions"](folder, lambda rejection: None):
            _check(record)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "arrays").mkdir()
    return tmp_path / "arrays"


def _check_wrong_arrays(data, folder):
    as_dictionary = data.draw(st.booleans())
    name = data.draw(st.sampled_from(sorted(ARRAYS)))
    values = ARRAYS | {name: data.draw(st.sampled_from([*WILD_ARRAYS, *[v for v in WILD if v is not NESTED]]))}
    if as_dictionary:
        file = io.BytesIO()
        np.save(file, values)
        contents = bytearray(file.getvalue())
    else:
        contents = bytearray(_npz(**values))
    for _ in range(data.draw(st.integers(0, 2))):
        contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(contents)), st.integers(0, len(contents))))
    _check_arrays(bytes(contents[:cut]), folder, ".npy" if as_dictionary else ".npz")


@settings(FAST, max_examples=100)
@given(data=st.data())
def test_arrays_with_wrong_values_or_bytes_give_well_formed_records_or_rejections(data, folder):
    _check_wrong_arrays(data, folder)


@pytest.mark.slow
@settings(DEEP, max_examples=3_000)
@given(data=st.data())
def test_arrays_with_wrong_values_or_bytes_many_times_over(data, folder):
    _check_wrong_arrays(data, folder)


def _check_wrong_parquet(data, tmp_path, rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "rows.parquet"
    names = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
    contents = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(contents[: data.draw(st.one_of(st.just(len(contents)), st.integers(0, len(contents))))])
    for content, reader in all_sources()["collection"].reads.items():
        with contextlib.suppress(SourceError):
            for record in reader(path, lambda rejection: None):
                assert content
                _check(record)


@settings(FAST, max_examples=40)
@given(data=st.data())
def test_parquet_with_wrong_bytes_gives_well_formed_records_or_errors(data, tmp_path, collection_rows):
    _check_wrong_parquet(data, tmp_path, collection_rows)


@pytest.mark.slow
@settings(DEEP, max_examples=3_000)
@given(data=st.data())
def test_parquet_with_wrong_bytes_many_times_over(data, tmp_path, collection_rows):
    _check_wrong_parquet(data, tmp_path, collection_rows)


HUGE = {
    "nested 10,000 deep": lambda file: file.write(b'{"images": ' + b'[{"a": ' * 10_000),
    "lists 10,000 deep on a line": lambda file: file.write((b"[" * 10_000 + b"]" * 10_000 + b"\n") * 30),
    "a text without end": lambda file: [file.write(b'[{"a": "')] + [file.write(b"x" * 2**20) for _ in range(80)],
    "numbers without end": lambda file: [file.write(b"[")] + [file.write(b"1" * 2**20) for _ in range(80)],
    "a record without end": lambda file: [file.write(b"[[")] + [file.write(b"1, " * 2**18) for _ in range(80)],
    "brackets without end": lambda file: [file.write(b"[" * 2**20) for _ in range(80)],
    "a line without end": lambda file: [file.write(b"x\t" * 2**19) for _ in range(80)],
    "zeros": lambda file: file.truncate(80 * 2**20),
    "a pickle of lists": lambda file: [file.write(b"\x80\x04")] + [file.write(b"]" * 2**20) for _ in range(80)],
    "a pickle that announces much": lambda file: file.write(b"\x80\x04\x8e" + (2**40).to_bytes(8, "little") + b"x"),
    "Parquet without rows": lambda file: file.write(b"PAR1" + b"\xff" * 2**20 + b"\xff\xff\xff\x7fPAR1"),
}
OF_EACH_KIND = [
    "coco_captions",  # a list in an object
    "coco_hard_negatives",  # a pickle
    "coco_regions",  # columns
    "collection",  # lines of JSON, or Parquet
    "gqa_questions",  # an object of objects
    "nlvr2",  # lines of JSON
    "object_vocabulary",  # lines that are ids by their number
    "obj36",
    "test_images",  # lines
    "vg_objects",  # a list
]
PROGRAM = """
import resource, sys
from pathlib import Path
from data.errors import SourceError
from data.sources import all_sources

path = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[2:]:
    for content, reader in list(all_sources()[name].reads.items())[:1]:
        try:
            for _ in reader(path, lambda rejection: None):
                pass
            print(f"{name} takes it")
        except SourceError:
            pass
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        if grown > 1200:
            sys.exit(f"{name} {content} took {grown} MB")
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", HUGE)
def test_huge_files_are_refused_by_every_reader_in_bounded_memory(kind, tmp_path):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        HUGE[kind](file)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), *OF_EACH_KIND],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=500,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
