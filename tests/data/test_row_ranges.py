"""A file that is filled range by range has the same bytes whoever fills it, and whatever happened meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest

from data import shards
from data.progress import silent
from data.row_ranges import Column, RowFile, RowRanges, lay_out
from data.shards import Finished, Workplace

NUM_ROWS = 7
COLUMNS = {"features": Column(shape=(2, 3), dtype="<f2"), "sizes": Column(shape=(), dtype="<i4")}
IDS = np.array([f"coco:{number}".encode() for number in range(NUM_ROWS)], "S8")


@dataclass(frozen=True, kw_only=True)
class Item:
    file: RowFile
    rows: range


def fill(item: Item) -> Finished:
    for row in item.rows:
        item.file.write(row, {"features": np.full((1, 2, 3), row + 0.5), "sizes": np.array([10 * row])})
    return Finished(digest=item.file.seal(item.rows))


def fail_at_four(item: Item) -> Finished:
    item.file.write(item.rows.start, {"features": np.full((1, 2, 3), 99.0), "sizes": np.array([99])})
    if 4 in item.rows:
        raise OSError("killed")
    return fill(item)


def build(workplace: Workplace, work: Callable[[Item], Finished] = fill) -> Path:
    file = lay_out(workplace.scratch / "rows.h5", num_rows=NUM_ROWS, columns=COLUMNS, fixed={"image_ids": IDS})
    ranges = shards.ranges(NUM_ROWS, 2)
    shelf = RowRanges(workplace=workplace, file=file, ranges=ranges)
    items = {name: Item(file=file, rows=rows) for name, rows in ranges.items()}
    finished = shards.build("rows", items, work, shelf=shelf, workplace=workplace, progress=silent)
    into = workplace.scratch.with_name("result")
    into.mkdir()
    shards.publish({"rows": (shelf, finished)}, into)
    return into


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The result of a build that nothing happened to."""
    return build(Workplace(scratch=tmp_path / "whole" / "scratch"))


def test_it_is_hdf5_that_anything_can_read(whole: Path) -> None:
    with h5py.File(whole / "rows.h5") as file:
        assert file["image_ids"][...].tolist() == IDS.tolist()
        assert file["features"][:, 1, 2].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
        assert file["sizes"][...].tolist() == [0, 10, 20, 30, 40, 50, 60]
        assert all(file[name].chunks is None for name in file)


def test_the_bytes_do_not_depend_on_the_number_of_workers(whole: Path, tmp_path: Path) -> None:
    other = build(Workplace(scratch=tmp_path / "other" / "scratch", num_workers=3))
    assert (other / "rows.h5").read_bytes() == (whole / "rows.h5").read_bytes()
    assert (other / "shards.json").read_bytes() == (whole / "shards.json").read_bytes()


def test_what_was_filled_before_a_kill_is_kept_and_half_a_shard_is_written_over(whole: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "other" / "scratch"
    with pytest.raises(OSError, match="killed"):
        build(Workplace(scratch=scratch), fail_at_four)
    again = Workplace(scratch=scratch)
    other = build(again)
    assert again.tally == {"kept": 3, "salvaged": 0, "built": 1}  # the last was under way beside the one that failed
    assert (other / "rows.h5").read_bytes() == (whole / "rows.h5").read_bytes()


@pytest.mark.parametrize("length", [0, 100, 3000])
def test_a_file_that_was_cut_off_while_it_was_laid_out_is_laid_out_anew(
    whole: Path, tmp_path: Path, length: int
) -> None:
    scratch = tmp_path / "other" / "scratch"
    scratch.mkdir(parents=True)
    (scratch / "rows.h5").write_bytes((whole / "rows.h5").read_bytes()[:length])
    other = build(Workplace(scratch=scratch))
    assert (other / "rows.h5").read_bytes() == (whole / "rows.h5").read_bytes()


def row_offset(path: Path, row: int) -> int:
    with h5py.File(path) as file:
        return int(file["features"].id.get_offset()) + row * 12  # six numbers of two bytes


def flip_a_byte_of_row_three(path: Path) -> None:
    place = row_offset(path, 3)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def cut_off_within_row_six(path: Path) -> None:
    with h5py.File(path) as file:  # the column that lies last
        last = max(file[name].id.get_offset() for name in ("features", "sizes"))
        is_features = file["features"].id.get_offset() == last
    os.truncate(path, last + 6 * (12 if is_features else 4))


def overwrite_the_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"no longer HDF5")


@pytest.mark.parametrize(
    ("harm", "num_salvaged"),
    [
        (flip_a_byte_of_row_three, 3),
        (cut_off_within_row_six, 3),
        (overwrite_the_header, 4),
        (Path.unlink, 0),
    ],
)
def test_only_what_a_damaged_file_has_lost_is_built_again(
    whole: Path, tmp_path: Path, harm: Callable[[Path], None], num_salvaged: int
) -> None:
    expected = (whole / "rows.h5").read_bytes()
    harm(whole / "rows.h5")
    again = Workplace(scratch=tmp_path / "other" / "scratch", damaged=whole)
    other = build(again)
    assert again.tally["salvaged"] == num_salvaged
    assert again.tally["built"] == 4 - num_salvaged
    assert (other / "rows.h5").read_bytes() == expected


def test_rows_beyond_the_file_and_of_another_shape_are_mistakes_of_ours(tmp_path: Path) -> None:
    file = lay_out(tmp_path / "rows.h5", num_rows=2, columns=COLUMNS, fixed={})
    with pytest.raises(AssertionError, match="row 2 of 2"):
        file.write(2, {"features": np.zeros((1, 2, 3)), "sizes": np.zeros(1)})
    with pytest.raises(AssertionError, match="features has rows of"):
        file.write(0, {"features": np.zeros((1, 3, 2)), "sizes": np.zeros(1)})
