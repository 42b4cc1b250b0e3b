"""The region store: what is written comes back, mapped, and equal content is equal bytes."""

import hashlib
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from data.errors import ContractError
from data.regions.store import RegionRow, RegionStore, lay_out_store, read_labels, write_labels, write_store


def _row(image_id, value):
    return RegionRow(
        image_id=image_id,
        height_px=100,
        width_px=200 + value,
        boxes_R4=np.full((36, 4), value / 10, np.float32),
        object_ids_R=np.full(36, value, np.int16),
        object_conf_R=np.full(36, 0.5, np.float32),
        attribute_ids_R=np.full(36, -1, np.int16),
        attribute_conf_R=np.full(36, 0.25, np.float32),
        features_RF=np.full((36, 2048), value + 0.5, np.float16),
    )


def _write(into, order=("vg:7", "coco:12", "coco:9")):
    values = {"coco:12": 1, "coco:9": 2, "vg:7": 3}
    into.mkdir(exist_ok=True)
    rows = [_row(image_id, values[image_id]) for image_id in order]
    write_store(into, rows, object_names=["cat", "dog", "big dog", "é"], attribute_names=[])
    return into / "regions.h5"


def test_rows_come_back_sorted_by_image_id_with_their_vocabularies(tmp_path):
    store = RegionStore.open(_write(tmp_path))
    assert store.image_ids.tolist() == ["coco:12", "coco:9", "vg:7"]
    assert store.row_of == {"coco:12": 0, "coco:9": 1, "vg:7": 2}
    assert store.features_NRF.shape == (3, 36, 2048)
    assert store.features_NRF[:, 35, 2047].tolist() == [1.5, 2.5, 3.5]
    assert store.boxes_NR4[:, 0, 3].tolist() == pytest.approx([0.1, 0.2, 0.3])
    assert store.object_ids_NR[:, 5].tolist() == [1, 2, 3]
    assert store.attribute_ids_NR[:, 5].tolist() == [-1, -1, -1]
    assert (store.object_conf_NR == 0.5).all()
    assert (store.attribute_conf_NR == 0.25).all()
    assert store.sizes_N2.tolist() == [[100, 201], [100, 202], [100, 203]]
    assert store.object_names == ("cat", "dog", "big dog", "é")
    assert store.attribute_names == ()


def test_features_are_mapped_from_a_contiguous_uncompressed_dataset(tmp_path):
    path = _write(tmp_path)
    store = RegionStore.open(path)
    assert isinstance(store.features_NRF, np.memmap)
    with h5py.File(path) as file:
        assert {name: file[name].dtype.str for name in file} == {
            "attribute_conf": "<f4",
            "attribute_ids": "<i2",
            "boxes": "<f4",
            "features": "<f2",
            "image_ids": "|S64",
            "object_conf": "<f4",
            "object_ids": "<i2",
            "sizes": "<i4",
        }
        assert all(file[name].chunks is None and file[name].compression is None for name in file)
        assert (file["features"][...] == store.features_NRF).all()


def test_equal_rows_are_equal_bytes_whatever_the_order_the_process_and_the_second(tmp_path):
    first = _write(tmp_path / "a").read_bytes()
    time.sleep(1.1)  # HDF5 keeps times in whole seconds
    assert _write(tmp_path / "b", order=("coco:9", "coco:12", "vg:7")).read_bytes() == first
    code = (
        "import sys, numpy, hashlib, pathlib, importlib.util as u;"
        "s = u.spec_from_file_location('t', sys.argv[1]); m = u.module_from_spec(s); s.loader.exec_module(m);"
        "print(hashlib.sha256(m._write(pathlib.Path(sys.argv[2])).read_bytes()).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, __file__, str(tmp_path / "c")],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "77", "PYTHONPATH": "."},
    )
    assert other.stdout.strip() == hashlib.sha256(first).hexdigest()


def test_ids_that_repeat_or_are_not_sorted_are_a_mistake_of_ours(tmp_path):
    for image_ids in (["coco:9", "coco:12"], ["coco:9", "coco:9"]):
        with pytest.raises(AssertionError, match="not sorted, or repeat"):
            lay_out_store(tmp_path, image_ids)


def test_a_file_that_is_no_store_is_an_error_of_ours(tmp_path):
    for name, contents in (("text", b"no HDF5"), ("empty", b"")):
        (tmp_path / name).write_bytes(contents)
        with pytest.raises(ContractError, match="region store"):
            RegionStore.open(tmp_path / name)
    with pytest.raises(ContractError):
        RegionStore.open(tmp_path / "missing")
    with h5py.File(tmp_path / "other", "w") as file:
        file["features"] = [1]
    with pytest.raises(ContractError):
        RegionStore.open(tmp_path / "other")


def test_a_chunked_store_is_refused_instead_of_read_slowly(tmp_path):
    path = _write(tmp_path)
    with h5py.File(path, "r+") as file:
        features = file["features"][...]
        del file["features"]
        file.create_dataset("features", data=features, chunks=(1, 36, 2048))
    with pytest.raises(ContractError, match="chunked"):
        RegionStore.open(path)


def test_labels_may_hold_anything_but_a_line_end(tmp_path):
    labels = ("stop sign", "Größe", "\u2028", "")
    write_labels(tmp_path / "labels", labels)
    assert read_labels(tmp_path / "labels") == labels
