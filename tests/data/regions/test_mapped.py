"""Random batches of mapped rows: their order, their room, and what the system is asked to read ahead."""

import os

import numpy as np
import pytest

from data.regions.mapped import MappedRows

OFFSET = 192  # bytes


@pytest.fixture
def rows(tmp_path):
    """Ten rows of 2 x 32 numbers, each filled with its own number."""
    content = np.arange(10, dtype=np.float16).repeat(64)
    (tmp_path / "rows").write_bytes(bytes(OFFSET) + content.tobytes())
    return MappedRows(tmp_path / "rows", offset=OFFSET, shape=(10, 2, 32))


@pytest.mark.parametrize("wanted", [[], [7], [3, 0, 9], [5, 5, 2, 5]])
def test_a_batch_has_its_rows_in_the_order_asked_for(rows, wanted):
    found = rows.take(np.array(wanted, np.int64))
    assert found.shape == (len(wanted), 2, 32)
    assert found[:, 1, 31].tolist() == wanted
    assert found[:, 0, 0].tolist() == wanted


def test_room_is_used_again_and_lies_as_the_rows_do(rows):
    room = rows.room(3)
    assert room.ctypes.data % 64 == rows.array.ctypes.data % 64
    assert rows.take(np.array([1, 2, 3]), room) is room
    assert rows.take(np.array([6, 5, 4]), room)[:, 0, 0].tolist() == [6, 5, 4]


@pytest.mark.parametrize("wrong", [[0, 10], [-1, 3]])
def test_a_row_that_is_not_there_is_an_error(rows, wrong):
    with pytest.raises(IndexError, match="of 10"):
        rows.take(np.array(wrong))


def test_only_rows_that_are_not_in_memory_are_asked_for_ahead_and_neighbours_at_once(rows, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "posix_fadvise", lambda *call: asked.append(call[1:3]))
    rows.take(np.array([8, 3, 4]))
    assert asked == []  # it has just been written
    monkeypatch.setattr(rows, "_is_in_memory", lambda row: False)
    rows.take(np.array([8, 4, 3, 4, 0]))
    row = 2 * 32 * 2  # bytes
    assert [(place - OFFSET, size) for place, size in asked] == [(0, row), (3 * row, 2 * row), (8 * row, row)]


def test_where_the_system_cannot_tell_rows_are_asked_for_ahead(rows, monkeypatch):
    def refuse(*call):
        raise OSError(95, "not supported")

    asked = []
    monkeypatch.setattr(os, "preadv", refuse)
    monkeypatch.setattr(os, "posix_fadvise", lambda *call: asked.append(call[1:3]))
    assert rows.take(np.array([2]))[0, 0, 0] == 2
    assert asked == [(OFFSET + 2 * 128, 128)]


def test_the_file_is_closed_with_the_last_use_of_it(rows, tmp_path):
    other = MappedRows(tmp_path / "rows", offset=0, shape=(1, 2, 32))
    descriptor = other._descriptor
    os.fstat(descriptor)
    del other
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_no_rows_are_mapped_of_an_empty_dataset(tmp_path):
    (tmp_path / "rows").touch()
    rows = MappedRows(tmp_path / "rows", offset=0, shape=(0, 2, 32))
    assert rows.take(np.array([], np.int64)).shape == (0, 2, 32)
