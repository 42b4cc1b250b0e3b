"""Regions as folders of arrays, as LMDB and as bottom-up attention's table: one record, whatever the form."""

import base64
import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from data.errors import SourceError
from data.sources import all_sources
from data.sources.region_arrays import values_of

BOXES = np.array([[0, 0, 320, 480], [10, 20, 30, 40]], np.float32)
FEATURES = np.arange(2 * 2048, dtype=np.float32).reshape(2, 2048) / 4096
OPENVQA = {"x": FEATURES, "bbox": BOXES, "num_bbox": 2, "image_h": 480, "image_w": 640}
INFO = {
    "image_id": "COCO_val2014_000000000042",
    "objects_id": np.array([7, 3]),
    "objects_conf": np.array([0.75, 0.5], np.float32),
    "attrs_id": np.array([1, 0]),
    "attrs_conf": np.array([0.25, 0.125], np.float32),
}
VILBERT = {
    "image_id": "COCO_val2014_000000000042",
    "bbox": BOXES,
    "num_boxes": 2,
    "objects": np.array([900, 1600]),
    "image_width": 640,
    "image_height": 480,
    "cls_prob": np.zeros((2, 1601), np.float32),
    "features": FEATURES,
}


def _base64(array):
    return base64.b64encode(array.tobytes())


VOLTA = {
    "img_id": "42",
    "img_h": "480",
    "img_w": "640",
    "num_boxes": "2",
    "boxes": _base64(BOXES),
    "features": _base64(FEATURES),
    "objects_id": _base64(np.array([7, 3])),
    "objects_conf": _base64(np.array([0.75, 0.5], np.float32)),
    "attrs_id": _base64(np.array([1, 0])),
    "attrs_conf": _base64(np.array([0.25, 0.125], np.float32)),
}


def _read(path, name="coco_regions"):
    rejections = []
    source = all_sources()[name]
    found = list(source.regions.located(path, rejections.append, lambda place: True))
    again = list(source.regions.at(path, [place for place, _ in found]))
    assert [record.image_id for record in again] == [record.image_id for _, record in found]
    return [record for _, record in found], [(r.record, r.field, r.reason) for r in rejections]


def _check(record):
    assert (record.width_px, record.height_px) == (640, 480)
    assert record.boxes_R4.tolist() == BOXES.tolist()
    assert record.features().dtype == np.float32
    assert record.features().tolist() == FEATURES.tolist()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "features").mkdir()
    return tmp_path / "features"


@pytest.fixture
def save_npz(folder):
    def save(name, values):
        np.savez_compressed(folder / f"{name}.npz", **values)
        return folder

    return save


@pytest.fixture
def save_lmdb(tmp_path):
    lmdb = pytest.importorskip("lmdb")

    def save(values, *, with_keys=True):
        path = tmp_path / "regions.lmdb"
        with lmdb.open(str(path), map_size=1 << 26) as environment, environment.begin(write=True) as transaction:
            for name, value in values.items():
                transaction.put(name.encode(), value)
            if with_keys:
                transaction.put(b"keys", pickle.dumps([name.encode() for name in values]))
        return path

    return save


@pytest.mark.parametrize(
    ("source", "name", "image_id"),
    [
        ("coco_regions", "COCO_val2014_000000000042", "coco:42"),
        ("coco_regions", "42", "coco:42"),
        ("vg_regions", "42", "vg:42"),
        ("flickr30k_regions", "42", "flickr30k:42"),
        ("coco_regions", "n42", "gqa:n42"),
    ],
)
def test_a_number_alone_is_an_image_of_the_collection_that_the_setting_names(save_npz, source, name, image_id):
    (record,), rejections = _read(save_npz(name, OPENVQA), source)
    assert record.image_id == image_id
    _check(record)
    assert record.object_ids_R.tolist() == [-1, -1]
    assert record.attribute_conf_R.tolist() == [0, 0]
    assert rejections == []


@pytest.mark.parametrize(
    "change",
    [
        {"x": FEATURES.T},
        {"x": FEATURES.astype(np.float64)},
        {"x": np.asfortranarray(FEATURES)},
        {"x": np.concatenate([FEATURES, FEATURES]), "bbox": np.concatenate([BOXES, BOXES])},
    ],
)
def test_features_that_are_turned_padded_or_of_another_width_are_the_same(save_npz, change):
    (record,), _ = _read(save_npz("42", OPENVQA | change))
    _check(record)


def test_what_is_shown_is_taken_from_info_where_it_holds_both_classes_and_attributes(save_npz):
    save_npz("COCO_val2014_000000000042", OPENVQA | {"info": INFO})
    without = {name: value for name, value in INFO.items() if not name.startswith("attrs") and name != "image_id"}
    first, second = _read(save_npz("43", OPENVQA | {"info": without}))[0]
    assert first.object_ids_R.tolist() == [-1, -1]  # 43.npz: it may count a background
    assert second.object_ids_R.tolist() == [7, 3]
    assert second.object_conf_R.tolist() == [0.75, 0.5]
    assert second.attribute_ids_R.tolist() == [1, 0]
    assert second.attribute_conf_R.tolist() == [0.25, 0.125]


@pytest.mark.parametrize("protocol", [3, 5])
def test_vilberts_dictionaries_are_read_and_probabilities_have_the_background_first(folder, protocol):
    probabilities = np.zeros((2, 1601), np.float32)
    probabilities[0, [0, 8]] = 0.5, 0.25
    probabilities[1, 1600] = 0.75
    value = np.array(VILBERT | {"cls_prob": probabilities}, dtype=object)
    with (folder / "COCO_val2014_000000000042.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        pickle.dump(value, file, protocol=protocol)
    (record,), rejections = _read(folder)
    _check(record)
    assert record.object_ids_R.tolist() == [7, 1599]
    assert record.object_conf_R.tolist() == [0.25, 0.75]
    assert record.attribute_ids_R.tolist() == [-1, -1]
    assert rejections == []


@pytest.mark.parametrize("value", [VILBERT, VOLTA])
def test_an_lmdb_of_vilbert_or_volta_is_read_by_its_keys(save_lmdb, value):
    path = save_lmdb({"42": pickle.dumps(value), "9": pickle.dumps(value), "x y": pickle.dumps(value), "7": b"N."})
    records, rejections = _read(path)
    assert [record.image_id for record in records] == ["coco:42", "coco:9"]
    for record in records:
        _check(record)
    assert records[0].object_ids_R.tolist() == ([7, 3] if value is VOLTA else [0, 0])
    assert rejections == [
        ("7", "value", "not a dictionary of arrays"),
        ("x y", "key", "image id of unknown form"),
    ]


def test_an_lmdb_whose_conversion_broke_off_or_whose_file_was_cut_off_is_an_error(save_lmdb):
    path = save_lmdb({"42": pickle.dumps(VILBERT)}, with_keys=False)
    with pytest.raises(SourceError, match="conversion broke off"):
        _read(path)
    file = path / "data.mdb"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2 // 4096 * 4096])
    with pytest.raises(SourceError, match=r"cut off \(in"):
        _read(path)
    file.write_bytes(b"x" * len(whole))
    with pytest.raises(SourceError, match="an LMDB of regions"):
        _read(path)


def test_without_the_package_lmdb_the_error_says_how_to_get_it(save_lmdb, monkeypatch):
    path = save_lmdb({"42": pickle.dumps(VILBERT)})
    monkeypatch.setitem(__import__("sys").modules, "lmdb", None)
    with pytest.raises(SourceError) as caught:
        _read(path)
    assert caught.value.way_out == "pip install 'multigrain[lmdb]'"


def test_bottom_up_attentions_table_has_the_width_first_and_no_classes(whole_files, tmp_path):
    path = tmp_path / "trainval_36.tsv"
    path.write_bytes(whole_files["coco_regions"])
    records, rejections = _read(path)
    assert [record.image_id for record in records] == ["coco:262148", "coco:9"]
    assert (records[0].width_px, records[0].height_px) == (640, 480)
    assert records[0].boxes_R4.tolist() == BOXES.tolist()
    assert records[1].features().shape == (1, 2048)
    assert records[0].object_ids_R.tolist() == [-1, -1]
    assert rejections == []


def test_ten_columns_where_six_are_wanted_are_refused_with_the_setting_that_takes_them(
    make_obj36_line, make_six_columns, tmp_path
):
    path = tmp_path / "any.tsv"
    path.write_text(make_obj36_line() * 20)
    with pytest.raises(SourceError) as caught:
        _read(path)
    assert "it looks like Detector's regions (obj36) ([sources] obj36)" in caught.value.way_out
    path.write_text(make_six_columns() * 20)
    with pytest.raises(SourceError) as caught:
        list(all_sources()["obj36"].reads["regions"](path, lambda rejection: None))
    assert "[sources] vg_regions" in caught.value.way_out


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"x": FEATURES[:1]}, ("features", "another shape than the number of boxes says")),
        ({"x": FEATURES[:, :2000]}, ("features", "another shape than the number of boxes says")),
        ({"x": FEATURES[0]}, ("features", "another shape than the number of boxes says")),
        ({"x": FEATURES * np.nan}, ("features", "NaN or infinity")),
        ({"x": FEATURES.astype(np.float64) * 1e300}, ("features", "NaN or infinity")),
        ({"x": FEATURES.astype("U8")}, ("file", "array whose data do not fill its shape")),
        ({"bbox": BOXES[:, :3]}, ("boxes", "another shape than the number of boxes says")),
        ({"bbox": BOXES + np.inf}, ("boxes", "NaN or infinity")),
        ({"num_bbox": 0}, ("num_boxes", "not a whole number from 1 to 100")),
        ({"num_bbox": 101}, ("num_boxes", "not a whole number from 1 to 100")),
        ({"num_bbox": [2, 2]}, ("num_boxes", "not a number")),
        ({"image_h": 0}, ("image_h", "impossible image size")),
        ({"image_w": 1.5}, ("image_w", "not a whole number from 0")),
        (
            {"info": INFO | {"image_id": "COCO_val2014_000000000043"}},
            ("image_id", "another image than the file's name says"),
        ),
        ({"image_id": "43"}, ("file", "array whose data do not fill its shape")),
        ({"info": INFO | {"objects_id": np.array([0.5, 1])}}, ("objects_id", "not whole numbers")),
        (
            {"info": INFO | {"attrs_conf": np.array([0.5])}},
            ("attrs_conf", "another shape than the number of boxes says"),
        ),
        ({"info": {1, 2}}, ("file", "pickle of other things than arrays")),
    ],
)
def test_a_bad_file_of_a_folder_is_rejected_with_its_reason(save_npz, change, reason):
    records, rejections = _read(save_npz("42", OPENVQA | change))
    assert rejections == [("42.npz", *reason)]
    assert records == []


def test_a_dictionary_that_names_another_image_than_its_file_is_rejected(folder):
    np.save(folder / "COCO_val2014_000000000041.npy", VILBERT)
    assert _read(folder) == (
        [],
        [("COCO_val2014_000000000041.npy", "image_id", "another image than the file's name says")],
    )


def test_files_without_a_size_cannot_be_used_since_their_boxes_mean_nothing(shared_data):
    """The real file of a detector whose boxes are pixels of a resized picture; nobody says how much it was resized."""
    folder = shared_data / "region_features"
    values = values_of(folder / "COCO_train2014_000000458752.npz", source="coco_regions")
    assert values["features"].shape == (36, 2048)
    assert values["boxes"].shape == (36, 4)
    assert values["boxes"].max() > 640  # wider than COCO's pictures are
    assert _read(folder) == ([], [("COCO_train2014_000000458752.npz", "image_h", "missing field")])


def test_zip_bombs_and_files_without_end_are_rejected_before_they_fill_the_memory(folder):
    with zipfile.ZipFile(folder / "1.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(64 << 20))
    with zipfile.ZipFile(folder / "2.npz", "w") as archive:
        for number in range(65):
            archive.writestr(f"{number}.npy", b"")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2**35, 2**4)})
    (folder / "3.npy").write_bytes(header.getvalue())
    (folder / "4.npy").write_bytes(b"\x93NUMPY\x01\x00\xff\x1f" + b"(" * 9_000)
    (folder / "5.npy").write_bytes(bytes(9 << 20))
    (folder / "6.npz").write_bytes(b"PK\x03\x04")
    _, rejections = _read(folder)
    assert [reason for _, _, reason in rejections] == [
        "more arrays than regions need",
        "more arrays than regions need",
        "array whose data do not fill its shape",
        "not an array of NumPy",
        "more than 8 MiB",
        "not a zip of arrays",
    ]


def test_a_folder_of_other_arrays_is_refused_after_twenty_of_them(folder):
    for number in range(20):
        np.save(folder / f"{number}.npy", FEATURES)
    with pytest.raises(SourceError, match="not a dictionary of arrays"):
        _read(folder)


def test_a_file_that_changed_between_the_readings_is_an_error(save_npz, tmp_path):
    save_npz("42", OPENVQA)
    reader = all_sources()["coco_regions"].regions
    folder = save_npz("42", OPENVQA | {"num_bbox": 0})
    with pytest.raises(SourceError, match="num_boxes"):
        list(reader.at(folder, ["42.npz"]))
    table = tmp_path / "table.tsv"
    table.write_text(json.dumps({}) + "\n")
    with pytest.raises(SourceError, match="the same lines in both readings"):
        list(reader.at(table, [0]))
