"""Features become the float16 that NumPy rounds to; those beyond it are told apart from the largest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from data.records import RegionRecord
from data.regions.halves import FeatureWriter
from data.sources.fields import RecordError

SMALL, USUAL = st.floats(-(2**-13), 2**-13, width=32), st.floats(-65504, 65504, width=32)


def _written(features):
    """What is written of 36 regions."""
    nothing = np.zeros(36, np.float32)
    record = RegionRecord(
        image_id="coco:1",
        width_px=1,
        height_px=1,
        boxes_R4=np.zeros((36, 4), np.float32),
        object_ids_R=nothing.astype(np.int64),
        object_conf_R=nothing,
        attribute_ids_R=nothing.astype(np.int64),
        attribute_conf_R=nothing,
        features=lambda: features,
    )
    found = np.full((36, 2048), np.nan, np.float16)
    FeatureWriter().write(record, found)
    return found


def _with(*values):
    """Features that are 0 but for some of the first and of the last region."""
    features = np.zeros((36, 2048), np.float32)
    features[0, : len(values)] = features[35, -len(values) :] = values
    return features


def test_every_float16_and_what_lies_between_two_of_them_is_rounded_as_numpy_rounds():
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)  # 0 to 65504
    middles = (halves[:-1] + halves[1:]) / 2  # float32 has room for them
    exact = np.concatenate([halves, middles])
    values = np.concatenate([exact, np.nextafter(exact, np.float32(0)), np.nextafter(exact, np.float32(65504))])
    for sign in (1, -1):
        for start in range(0, len(values), 36 * 2048):
            features = np.zeros(36 * 2048, np.float32)
            features[: len(values) - start] = sign * values[start : start + len(features)]
            features = features.reshape(36, 2048)
            assert _written(features).tobytes() == features.astype(np.float16).tobytes()


@given(values=arrays.arrays(np.float32, 40, elements=SMALL | USUAL))
def test_any_numbers_are_rounded_as_numpy_rounds(values):
    features = _with(*values)
    features.flags.writeable = False  # as what is read from a file
    assert _written(features).tobytes() == features.astype(np.float16).tobytes()


def test_a_few_roundings_worked_out_by_hand():
    # Between 1 and 2 float16 counts in steps of 2**-10, below 2**-14 in steps of 2**-24; ties go to the even step.
    values = [1 + 2**-11, 1 + 3 * 2**-11, 2**-25, 3 * 2**-25, 2**-14 - 2**-25, -0.0, 65504]
    found = _written(_with(*values))[0, :7]
    assert found.tolist() == [1, 1 + 2**-9, 0, 2**-23, 2**-14, 0, 65504]
    assert np.signbit(found).tolist() == [False] * 5 + [True, False]


def test_features_that_lie_turned_in_memory_are_the_same():
    features = np.arange(36 * 2048, dtype=np.float32).reshape(36, 2048) / 2
    assert (_written(np.asfortranarray(features)) == features.astype(np.float16)).all()


@pytest.mark.parametrize("value", [65504.004, -65504.004, 65519.0, 65520.0, -1e38])
def test_what_is_larger_is_refused_even_where_it_would_be_rounded_to_the_largest(value):
    with pytest.raises(RecordError, match="feature too large for float16"):
        _written(_with(1.0, value))
