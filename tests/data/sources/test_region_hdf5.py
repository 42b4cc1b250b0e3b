"""Regions in HDF5 with a pickle beside it: rows by image, and sizes out of boxes and their shares."""

import pickle

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.detecting import looks_like
from data.errors import SourceError
from data.sources import all_sources
from data.sources.region_hdf5 import rows_file

SIZES = [(640, 480), (333, 500), (1, 1), (1_000_000, 7)]
SHARES = np.array([[0, 0, 0.5, 1], [0.1, 0.2, 0.3, 0.4]])  # of width, height, width, height


def arrays_of(sizes, shares=SHARES):
    """What bottom-up-attention-vqa's converter writes for pictures of these sizes, two boxes each."""
    boxes = np.stack([shares * np.array([w, h, w, h]) for w, h in sizes]).astype(np.float32)
    sides = np.array(sizes, np.float32)[:, None]
    starts, extents = boxes[..., :2] / sides, (boxes[..., 2:] - boxes[..., :2]) / sides
    spatial = np.concatenate([starts, starts + extents, extents], axis=2)
    features = np.arange(len(sizes) * 2 * 2048, dtype=np.float32).reshape(-1, 2, 2048) / 2**15
    return {"image_features": features, "image_bb": boxes, "spatial_features": spatial}


def write(folder, arrays, row_of, *, protocol=0, **options):
    path = folder / "train36.hdf5"
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values, **options)
    rows_file(path).write_bytes(pickle.dumps(row_of, protocol=protocol))
    return path


def read(path, name="coco_regions"):
    rejections = []
    found = list(all_sources()[name].reads["regions"](path, rejections.append))
    return found, [(r.record, r.field, r.reason) for r in rejections]


@pytest.mark.parametrize("protocol", [0, 2, 5])  # 0 is Python 2's
@pytest.mark.parametrize(
    ("source", "names", "image_ids"),
    [
        ("coco_regions", [9, 262148], ["coco:9", "coco:262148"]),
        ("flickr30k_regions", [9, 36979], ["flickr30k:9", "flickr30k:36979"]),
        ("vg_regions", ["9", "n42"], ["vg:9", "gqa:n42"]),
    ],
)
def test_the_pickle_says_in_which_row_an_image_lies(tmp_path, source, names, image_ids, protocol):
    arrays = arrays_of(SIZES[:3])
    path = write(tmp_path, arrays, {names[1]: 2, names[0]: 0}, protocol=protocol)
    records, rejections = read(path, source)
    assert [record.image_id for record in records] == image_ids  # by row; row 1 is nobody's
    assert [(record.width_px, record.height_px) for record in records] == [(640, 480), (1, 1)]
    assert records[0].boxes_R4.tolist() == [[0, 0, 320, 480], [64, 96, 192, 192]]
    assert records[1].features().tolist() == arrays["image_features"][2].tolist()
    assert records[0].object_ids_R.tolist() == [-1, -1]
    assert rejections == []
    (again,) = all_sources()[source].regions.at(path, [2])
    assert (again.image_id, again.features().tolist()) == (image_ids[1], records[1].features().tolist())


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    width=st.integers(1, 10_000),
    height=st.integers(1, 10_000),
    sides=st.lists(st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4), min_size=2, max_size=2),
)
def test_the_size_is_exact_whatever_the_boxes_are(tmp_path, width, height, sides):
    shares = np.sort(np.array(sides, np.float64).reshape(2, 2, 2), axis=1).reshape(2, 4)
    shares[1] = [0, 0, 0.25, 0.125]  # some box has an area
    (record,), rejections = read(write(tmp_path, arrays_of([(width, height)], shares), {7: 0}))
    assert (record.width_px, record.height_px) == (width, height)
    assert rejections == []


@pytest.mark.parametrize("size", SIZES)
def test_boxes_that_begin_at_0_tell_the_size_too_where_they_end(tmp_path, size):
    shares = np.array([[0, 0, 0, 0], [0, 0, 0.5, 0.25]])
    (record,), _ = read(write(tmp_path, arrays_of([size], shares), {7: 0}))
    assert (record.width_px, record.height_px) == size


@pytest.mark.parametrize(
    ("change", "rejection"),
    [
        ({"spatial_features": 0, "image_bb": 0}, ("spatial_features", "no box that tells the picture's size")),
        ({"spatial_features": -1}, ("spatial_features", "no box that tells the picture's size")),
        ({"spatial_features": 1e-40}, ("spatial_features", "impossible image size")),
        ({"image_bb": 0}, ("image_h", "impossible image size")),
        ({"image_bb": np.nan}, ("image_bb", "NaN or infinity")),
        ({"spatial_features": np.inf}, ("image_bb", "NaN or infinity")),
        ({"image_features": np.nan}, ("features", "NaN or infinity")),
        (
            {"image_bb": [[1, 1, 7, 7], [1, 1, 8, 8]]},
            ("spatial_features", "boxes that tell different sizes of the picture"),
        ),
        (
            {"image_bb": SHARES * 99.5, "spatial_features": np.hstack([SHARES, SHARES[:, :2]])},
            ("spatial_features", "boxes that tell different sizes of the picture"),
        ),
    ],
)
def test_an_image_whose_values_make_no_sense_is_rejected_and_the_others_are_not(tmp_path, change, rejection):
    arrays = arrays_of(SIZES[:2])
    for name, values in change.items():
        arrays[name][0] = values
    records, rejections = read(write(tmp_path, arrays, {7: 0, 9: 1}))
    assert [record.image_id for record in records] == ["coco:9"]
    assert rejections == [("7", *rejection)]


def test_an_image_of_unknown_form_is_rejected(tmp_path):
    records, rejections = read(write(tmp_path, arrays_of(SIZES[:2]), {"a b": 0, 9: 1}))
    assert [record.image_id for record in records] == ["coco:9"]
    assert rejections == [("a b", "image id", "image id of unknown form")]


@pytest.mark.parametrize(
    ("row_of", "found"),
    [
        ({}, "something else, or a row twice"),
        ([1, 2], "something else, or a row twice"),
        ({7: 0, 9: 0}, "something else, or a row twice"),
        ({7: -1}, "something else, or a row twice"),
        ({7: 0.5}, "something else, or a row twice"),
        ({7: True}, "something else, or a row twice"),
        ({7: 2}, "row 2 of 2"),
        ({7: print}, "which is none of NumPy's arrays"),
    ],
)
def test_a_pickle_that_does_not_fit_is_refused(tmp_path, row_of, found):
    path = write(tmp_path, arrays_of(SIZES[:2]), row_of, protocol=2)
    with pytest.raises(SourceError, match=found) as caught:
        read(path)
    assert caught.value.where.startswith(str(rows_file(path)))


def test_without_its_pickle_a_file_says_nothing(tmp_path):
    path = write(tmp_path, arrays_of(SIZES[:2]), {7: 0})
    rows_file(path).unlink()
    with pytest.raises(SourceError, match=r"train36_imgid2idx\.pkl"):
        read(path)


@pytest.mark.parametrize(
    "change",
    [
        {"image_bb": None},
        {"image_features": np.zeros((2, 2, 2047), np.float32)},
        {"image_features": np.zeros((4, 2048), np.float32)},  # of the adaptive form, whose boxes are counted elsewhere
        {"image_bb": np.zeros((2, 3, 4), np.float32)},
        {"spatial_features": np.zeros((3, 2, 6), np.float32)},
        {"spatial_features": np.zeros((2, 2, 6), "S4")},
        {name: np.zeros((2, 0, size), np.float32) for name, size in [("image_bb", 4), ("spatial_features", 6)]}
        | {"image_features": np.zeros((2, 0, 2048), np.float32)},
    ],
)
def test_datasets_of_another_shape_are_refused(tmp_path, change):
    arrays = {name: values for name, values in (arrays_of(SIZES[:2]) | change).items() if values is not None}
    with pytest.raises(SourceError):
        read(write(tmp_path, arrays, {7: 0}))


def test_nothing_outside_the_file_is_read(tmp_path):
    path = write(tmp_path, arrays_of(SIZES[:2]), {7: 0})
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other", arrays_of(SIZES[:2]), {7: 0})
    with h5py.File(path, "a") as file:
        del file["image_bb"]
        file["image_bb"] = h5py.ExternalLink(str(other), "image_bb")
    with pytest.raises(SourceError, match="other datasets"):
        read(path)


def test_pieces_that_fill_the_memory_are_refused(tmp_path, monkeypatch):
    path = write(tmp_path, arrays_of(SIZES), {7: 0}, compression="gzip", chunks=True)
    assert len(read(path)[0]) == 1
    monkeypatch.setattr("data.sources.region_hdf5._MAX_CHUNK_BYTES", 1 << 10)
    with pytest.raises(SourceError, match="other datasets"):
        read(path)


def test_a_file_that_changed_between_the_readings_is_an_error(tmp_path):
    path = write(tmp_path, arrays_of(SIZES[:2]), {7: 0})
    with pytest.raises(SourceError, match="image id of unknown form"):
        list(all_sources()["coco_regions"].regions.at(path, [1]))


def test_it_is_known_by_its_first_bytes_and_its_pickle_belongs_to_it(tmp_path):
    path = write(tmp_path, arrays_of(SIZES[:2]), {7: 0})
    assert looks_like(path) == ("coco_regions", "flickr30k_regions", "vg_regions")
    beside = all_sources()["coco_regions"].beside
    assert beside(path) == (tmp_path / "train36_imgid2idx.pkl",)
    assert beside(tmp_path) == beside(tmp_path / "nowhere") == beside(rows_file(path)) == ()


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_wrong_bytes_or_a_cut_give_well_formed_records_rejections_or_an_error(data, tmp_path):
    path = write(tmp_path, arrays_of(SIZES[:2]), {7: 0, 9: 1})
    contents = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        contents[data.draw(st.integers(0, 4_000))] = data.draw(st.integers(0, 255))  # where it says what lies where
    path.write_bytes(contents[: data.draw(st.one_of(st.just(len(contents)), st.integers(8, len(contents))))])
    try:
        records, _ = read(path)
    except SourceError:
        return
    for record in records:
        assert record.features().shape == (2, 2048)
        assert np.isfinite(record.features()).all()
        assert np.isfinite(record.boxes_R4).all()
        assert 0 < record.width_px <= 1_000_000
