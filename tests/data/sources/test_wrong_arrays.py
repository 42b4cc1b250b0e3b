"""Files of arrays and Parquet with wrong values or bytes: no wrong record, no other error."""

import contextlib
import io
import itertools

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import SourceError
from data.sources import all_sources
from tests.data.sources.well_formed import check
from tests.data.sources.wild import DEEP, FAST, NESTED, WILD, WILD_ARRAYS

ARRAYS = {
    "features": np.ones((2, 2048), np.float32),
    "boxes": np.array([[0, 0, 3, 4], [1, 1, 2, 2]], np.float32),
    "num_boxes": 2,
    "image_h": 480,
    "image_w": 640,
}


def _npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _check_arrays(contents, folder, suffix):
    path = folder / f"42{suffix}"
    path.write_bytes(contents)
    source = all_sources()["coco_regions"]
    with contextlib.suppress(SourceError):
        for record in source.reads["regions"](folder, lambda rejection: None):
            check(record)


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
                check(record)


@settings(FAST, max_examples=40)
@given(data=st.data())
def test_parquet_with_wrong_bytes_gives_well_formed_records_or_errors(data, tmp_path, collection_rows):
    _check_wrong_parquet(data, tmp_path, collection_rows)


@pytest.mark.slow
@settings(DEEP, max_examples=3_000)
@given(data=st.data())
def test_parquet_with_wrong_bytes_many_times_over(data, tmp_path, collection_rows):
    _check_wrong_parquet(data, tmp_path, collection_rows)
