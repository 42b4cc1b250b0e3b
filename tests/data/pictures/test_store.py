"""Reading any picture at once, from kept bytes or the user's files, and noticing when it is another."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import tables
from data.contracts import pictures as contract
from data.errors import ContractError, SourceError, UserError
from data.pictures.store import PictureStore
from data.schema import PICTURES
from data.writers import write_with_blobs
from tests.data.pictures.built import Built

Make = Callable[..., Built]


@pytest.mark.parametrize("keep", ["bytes", "files"])
def test_pictures_are_read_by_row_in_any_order(make: Make, folder: Path, keep: str) -> None:
    store = make(keep=keep).open()
    assert len(store) == 6
    for row in (5, 0, 3, 3):
        assert store.read(row) == (folder / f"train2014/{row + 1:012}.jpg").read_bytes()
    assert store.row_of["coco:4"] == 3
    assert store.sizes_N2.tolist() == [[40, 30]] * 6


def blobs_table(blobs: list[bytes]) -> pa.Table:
    columns = {
        "image_id": [f"x:{number:04}" for number in range(len(blobs))],
        "num_bytes": [len(blob) for blob in blobs],
        "sha256": [hashlib.sha256(blob).hexdigest() for blob in blobs],
        "encoded": blobs,
    }
    num_rows = len(blobs)
    return pa.table(
        {
            field.name: columns.get(field.name, pa.array([1 if pa.types.is_integer(field.type) else ""] * num_rows))
            for field in PICTURES
        }
    )


@settings(deadline=None)  # it writes files
@given(st.lists(st.lists(st.binary(max_size=9) | st.integers(0, 10**5).map(bytes), min_size=1, max_size=4), max_size=3))
def test_blobs_of_any_length_in_any_groups_are_found(groups: list[list[bytes]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "pictures").mkdir()
        whole = blobs_table([blob for group in groups for blob in group])
        starts = np.cumsum([0, *map(len, groups)]).tolist()
        tables_ = [whole.slice(start, len(group)) for start, group in zip(starts, groups, strict=False)]
        write_with_blobs(Path(place) / "pictures/part-00000.parquet", tables_, PICTURES, blobs="encoded")
        store = PictureStore.open(Path(place))
        assert [store.read(row) for row in range(len(store))] == [blob for group in groups for blob in group]


def test_a_file_that_changed_or_is_gone_is_noticed(make: Make, folder: Path) -> None:
    store = make(keep="files").open()
    paths = [folder / f"train2014/{number:012}.jpg" for number in range(1, 7)]
    content = paths[0].read_bytes()
    paths[0].write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    paths[1].write_bytes(paths[1].read_bytes() + b"0")
    paths[2].unlink()
    for row, found in ((0, "other bytes"), (1, "other bytes"), (2, "no such file")):
        with pytest.raises(SourceError, match=found) as caught:
            store.read(row)
        assert caught.value.where == str(paths[row])
        assert "keep = bytes" in caught.value.way_out
    assert store.read(3) == paths[3].read_bytes()


def test_kept_bytes_that_rotted_are_noticed(make: Make) -> None:
    built = make()
    store = built.open()
    path, offset = store._paths[2], int(store._offsets_N[2])
    path.chmod(0o600)
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), bytes([store.read(2)[9] ^ 1]), offset + 9)
    with pytest.raises(SourceError, match="coco:3"):
        store.read(2)
    assert store.read(1)


def test_folders_may_move_but_must_be_given(make: Make, folder: Path) -> None:
    built = make(keep="files")
    moved = folder.rename(folder.with_name("moved"))
    store = PictureStore.open(built.into, {"coco_images": (moved,)})
    assert store.read(0) == (moved / f"train2014/{1:012}.jpg").read_bytes()
    with pytest.raises(UserError, match=r"\[sources\] coco_images"):
        PictureStore.open(built.into)


def test_a_table_that_another_writer_wrote_is_refused(make: Make) -> None:
    built = make()
    part = tables.parts(built.into / "pictures")[0]
    table = pq.read_table(part)
    part.unlink()
    pq.write_table(table, part, compression="zstd")
    with pytest.raises(ContractError, match="in one page for each row group"):
        built.open()


def test_the_contract_refuses_rows_that_cannot_be(make: Make, tmp_path: Path) -> None:
    built = make(keep="files")
    part = tables.parts(built.into / "pictures")[0]
    good = pq.read_table(part)
    for name, value, message in (
        ("image_id", "coco:0", "sorted"),
        ("image_id", "coco:99", "an image of the image table"),
        ("width_px", 0, "above 0"),
        ("format", "EPS", "a format of"),
        ("path", "/data/1.jpg", "below a folder"),
        ("path", "../1.jpg", "below a folder"),
    ):
        rows = good.to_pylist()
        rows[1][name] = value
        part.unlink()
        pq.write_table(pa.Table.from_pylist(rows, schema=good.schema), part)
        with pytest.raises(ContractError, match=message):
            contract.check(built.into, images=tmp_path / "images", keep="files")
