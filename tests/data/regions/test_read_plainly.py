"""A store holds what a plain reading of the table finds, whatever its lines are like."""

import base64
import functools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.regions.obj36 import broken, name_of

KINDS = ("good", "windows", "another image", "unknown", "35 boxes", "40 boxes", "*", "nan", "large", "outside", "long")


@pytest.fixture
def make_line(obj36):
    """A line of one of many kinds, for a numbered image; `value` fills its features."""

    @functools.cache
    def make(kind, number, value):
        num_boxes = {"35 boxes": 35, "40 boxes": 40}.get(kind, 36)
        features = np.full((num_boxes, 2048), value, np.float32) + np.arange(num_boxes, dtype=np.float32)[:, None] / 8
        features[num_boxes - 1, 7] = {"nan": np.nan, "large": 65505}.get(kind, 0.1)
        arrays = {"boxes": np.full((36, 4), 300.0)} if kind == "outside" else {}
        conf = np.linspace(0.2, 0.9, num_boxes)  # the last ones are kept
        line = obj36(
            name_of(10 if kind == "unknown" else number), num_boxes, features=features, object_conf=conf, **arrays
        )
        return {"windows": line[:-1] + "\r\n", "*": broken(line), "long": line[:-1] + "AAAA\n"}.get(kind, line)

    return make


def _plainly(lines):
    """{image: its 36 features} and the number of rejections, as anyone would write it down."""
    found, num_rejected = {}, 0
    for line in lines:
        values = line.rstrip("\r\n").split("\t")
        image, num_boxes = int(values[0][-12:]), int(values[7])
        try:
            text = base64.b64decode(values[9], validate=True)
        except ValueError:
            text = b""
        features = np.frombuffer(text, "<f4") if len(text) == num_boxes * 8192 else np.array([np.nan])
        is_good = np.isfinite(features).all() and features.max() <= 65504
        boxes = np.frombuffer(base64.b64decode(values[8]), "<f4")
        if not is_good or image > 9 or image in found or num_boxes < 36 or boxes.max() > 200:
            num_rejected += 1
        else:
            rows = features.reshape(num_boxes, 2048).astype(np.float16)
            found[image] = rows if num_boxes == 36 else rows[::-1][:36]
    return found, num_rejected


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=7),
    is_cut=st.booleans(),
)
def test_a_store_holds_what_a_plain_reading_finds(make_line, make_store, chosen, is_cut):
    lines = [make_line(*each) for each in [("good", 5, 1), *chosen, ("good", 6, 2)]]
    lines[-1] = lines[-1].rstrip("\n") if is_cut else lines[-1]
    expected, num_rejected = _plainly(lines)
    store, counts = make_store("".join(lines))
    assert store.image_ids.tolist() == [f"coco:{number}" for number in sorted(expected)]
    assert all((store.features_NRF[row] == expected[number]).all() for row, number in enumerate(sorted(expected)))
    assert sum(counts["rejected"].values()) == num_rejected
    assert counts["read"] == len(lines)
