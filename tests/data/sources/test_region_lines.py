"""A detector's table read by the heads of its lines gives, in the end, what reading every line whole gives."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import SourceError
from data.sources import all_sources
from data.sources.fields import RecordError

READER = all_sources()["obj36"].regions
ONE_BOX = 10_924  # signs of base64 for the 8,192 bytes of one box: 4 for each 3 of them, and 4 for the last 2


def _read(path, checked):
    """(places and records, rejections) when only the features at `checked` places are looked at."""
    rejections = []
    located = READER.located(path, rejections.append, checked)
    return [(place, record.image_id, _features(record)) for place, record in located], rejections


def _features(record):
    try:
        return record.features().tobytes()
    except RecordError as bad:
        return bad.reason


def _at_last(path):
    """What is read once all that have bad features have been looked at."""
    bad = set()
    while True:
        records, rejections = _read(path, bad.__contains__)
        new = {place for place, _, features in records if isinstance(features, str)}
        assert not new & bad
        if not new:
            return records, rejections
        bad |= new


def _every(place):
    return True


def _none(place):
    return False


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / "obj36.tsv"
        path.write_bytes(b"".join(line if isinstance(line, bytes) else line.encode() for line in lines))
        return path

    return write


def test_features_are_not_looked_at_before_they_are_asked_for(write, make_obj36_line):
    bad = make_obj36_line("8", num_boxes=1)
    bad = bad[:-9] + "*" + bad[-8:]
    path = write(make_obj36_line("9"), bad, make_obj36_line("7"))
    records, rejections = _read(path, _none)
    assert [(image_id, features == "not base64") for _, image_id, features in records] == [
        ("vg:9", False),
        ("vg:8", True),
        ("vg:7", False),
    ]
    assert rejections == []
    place = records[1][0]
    records, (rejection,) = _read(path, {place}.__contains__)
    assert [image_id for _, image_id, _ in records] == ["vg:9", "vg:7"]
    assert (rejection.record, rejection.field, rejection.reason) == ("line 2", "features", "not base64")


@pytest.mark.parametrize("num_boxes", [1, 2, 3, 36, 100])
def test_any_number_of_boxes_is_passed_over_by_its_length_and_fetched_by_its_place(write, make_obj36_line, num_boxes):
    features = np.arange(num_boxes * 2048, dtype=np.float32).reshape(num_boxes, 2048)
    line = make_obj36_line("8", num_boxes=num_boxes, features=features)
    path = write(make_obj36_line("9"), line, line.replace("8", "7", 1))
    places = [place for place, _, _ in _read(path, _none)[0]]
    fetched = READER.at(path, places[:0:-1])
    for image_id in ("vg:7", "vg:8"):
        record = next(fetched)
        assert record.image_id == image_id
        assert (record.features() == features).all()


def test_lines_may_end_as_on_windows_and_the_last_one_not_at_all(write, make_obj36_line):
    lines = [make_obj36_line(name, num_boxes=1) for name in ("9", "8", "7")]
    plain = [(image_id, features) for _, image_id, features in _read(write(*lines), _every)[0]]
    path = write(*(line.replace("\n", "\r\n") for line in lines[:2]), lines[2].rstrip("\n"))
    records, rejections = _read(path, _none)
    assert [(image_id, features) for _, image_id, features in records] == plain
    assert rejections == []
    assert [record.image_id for record in READER.at(path, [place for place, _, _ in records])] == [
        "vg:9",
        "vg:8",
        "vg:7",
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line[:-13] + "\n",  # shorter by a multiple of four
        lambda line: line.rstrip("\n") + "AAAA\n",
        lambda line: line.rstrip("\n") + "\tmore\n",
        lambda line: line.replace("\t1\t", "\t2\t"),
        lambda line: "more\t" + line,
        lambda line: line.replace("\t480\t", "\t0\t"),
        lambda line: line.replace("\t", " ", 1),
    ],
)
def test_what_is_not_plainly_a_line_is_judged_whole(write, make_obj36_line, change):
    good = make_obj36_line("9", num_boxes=1)
    path = write(good, change(good.replace("9", "8", 1)), good)
    expected = _read(path, _every)
    assert len(expected[1]) == 1
    assert _read(path, _none) == expected


def test_a_line_end_within_the_features_makes_two_bad_lines_of_one(write, make_obj36_line):
    good = make_obj36_line("9", num_boxes=1)
    broken = good[:-100] + "\n" + good[-99:]
    path = write(good, broken, good)
    assert _read(path, _none)[1] == []
    assert [rejection.record for rejection in _at_last(path)[1]] == ["line 2", "line 3"]
    assert _at_last(path) == _read(path, _every)


def test_a_last_line_that_was_cut_off_is_an_error_at_once(write, make_obj36_line):
    line = make_obj36_line("9", num_boxes=1)
    for length in (5, len(line) - ONE_BOX, len(line) - 2):
        with pytest.raises(SourceError, match="a last line that is whole"):
            _read(write(line, line[:length]), _none)


def test_a_file_that_grew_shorter_between_the_readings_is_an_error(write, make_obj36_line):
    line = make_obj36_line("9", num_boxes=1)
    (_, _, _), (place, _, _) = _read(write(line, line), _none)[0]
    path = write(line)
    with pytest.raises(SourceError, match="the same lines in both readings"):
        next(READER.at(path, [place]))


def test_features_that_are_no_longer_there_are_bad(write, make_obj36_line):
    line = make_obj36_line("9", num_boxes=1)
    path = write(line, line)
    reading = READER.located(path, pytest.fail, _none)
    next(reading)
    _, record = next(reading)
    path.write_bytes(line.encode())
    with pytest.raises(RecordError, match="another length than num_boxes says"):
        record.features()


GOOD = np.ones((1, 2048), "<f4")
BAD_FEATURES = [np.nan, np.inf]


@st.composite
def _lines(draw, make_line):
    """A line that is good, or wrong in one of many ways."""
    name = draw(st.sampled_from(["9", "8", "COCO_train2014_000000000007", "n5", "picture"]))
    features = GOOD.copy()
    if draw(st.booleans()):
        features[0, draw(st.integers(0, 2047))] = draw(st.sampled_from(BAD_FEATURES))
    line = make_line(name, num_boxes=1, features=features).encode()
    match draw(st.sampled_from(["none", "none", "replace", "insert", "remove", "windows"])):
        case "replace":
            place = draw(st.integers(0, len(line) - 1))
            line = line[:place] + draw(st.sampled_from([b"\n", b"\r", b"\t", b"*", b"A"])) + line[place + 1 :]
        case "insert":
            place = draw(st.integers(0, len(line)))
            line = line[:place] + draw(st.sampled_from([b"\n", b"\r\n", b"\t", b"AAAA"])) + line[place:]
        case "remove":
            place = draw(st.integers(0, len(line) - 1))
            line = line[:place] + line[place + draw(st.integers(1, 4)) :]
        case "windows":
            line = line.replace(b"\n", b"\r\n")
    return line


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_the_lines_the_end_is_that_of_reading_all_of_them_whole(write, make_obj36_line, data):
    lines = data.draw(st.lists(_lines(make_obj36_line), min_size=1, max_size=6))
    path = write(make_obj36_line("1", num_boxes=1) if data.draw(st.booleans()) else "", *lines)
    try:
        expected = _read(path, _every)
    except SourceError:
        with pytest.raises(SourceError):
            _at_last(path)
        return
    assert _at_last(path) == expected
