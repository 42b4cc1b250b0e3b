"""Both ways to float16 give the same bytes, whatever the numbers; those beyond it are told apart from the largest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from data.records import RegionRecord
from data.regions.halves import by_numpy, put_features, torch_halver
from data.sources.fields import RecordError

USUAL, SMALL = st.floats(-65536, 65536, width=32), st.floats(-(2**-13), 2**-13, width=32)


@pytest.fixture(scope="module")
def by_torch():
    return torch_halver()


@given(values=arrays.arrays(np.float32, (3, 40), elements=USUAL | SMALL | st.floats(width=32, allow_nan=False)))
def test_torch_and_numpy_round_alike(by_torch, values):
    values.flags.writeable = False  # as what is read from a file
    found = [np.empty(values.shape, np.float16) for _ in range(2)]
    by_numpy(values, found[0])
    by_torch(values, found[1])
    assert found[0].tobytes() == found[1].tobytes()


def test_torch_takes_features_that_lie_turned_in_memory(by_torch):
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    found = np.empty((3, 2), np.float16)
    by_torch(turned, found)
    assert found.tolist() == [[0, 3], [1, 4], [2, 5]]


def _record(value):
    features = np.zeros((36, 2048), np.float32)
    features[20, 100] = value
    nothing = np.zeros(36, np.float32)
    return RegionRecord(
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


@pytest.mark.parametrize("value", [65504.0, -65504.0, 0.0, 6e-8])
def test_what_float16_can_hold_is_kept(value):
    found = np.empty((36, 2048), np.float16)
    put_features(_record(value), found)
    assert found[20, 100] == np.float16(value)


@pytest.mark.parametrize("value", [65504.004, -65504.004, 65519.0, 65520.0, -1e38])
def test_what_is_larger_is_refused_even_where_it_would_be_rounded_to_the_largest(value):
    with pytest.raises(RecordError, match="feature too large for float16"):
        put_features(_record(value), np.empty((36, 2048), np.float16))
