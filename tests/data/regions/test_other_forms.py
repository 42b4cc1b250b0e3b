"""Regions from other files than obj36 become the very same store; a collection of one's own has its labels by name."""

import base64
import json

import numpy as np
import pytest

from data.errors import SourceError
from data.images import load
from data.progress import silent
from data.regions.detections import DetectionSettings, build
from data.regions.pictures import find
from data.regions.store import RegionStore
from data.shards import Workplace

VOCABULARIES = {"object_vocabulary": "cat\ndog\nbird", "attribute_vocabulary": "red,reddish\nblue"}
ANY = DetectionSettings(images_per_shard=2, max_rejected_rate=1.0)


@pytest.fixture
def build_store(tmp_path, make_table):
    """(store, counts) of these files."""

    def make(files):
        into = tmp_path / "regions"
        into.mkdir()
        build(
            files,
            images=make_table(files),
            settings=ANY,
            into=into,
            progress=silent,
            workplace=Workplace(scratch=tmp_path / "scratch"),
        )
        return RegionStore.open(into / "regions.h5"), json.loads((into / "counts.json").read_text())

    return make


def _arrays(number, num_boxes=36):
    """The regions of an image of 200 x 100 pixels, as openvqa has them."""
    return {
        "x": np.full((num_boxes, 2048), number, np.float32),
        "bbox": np.tile(np.array([20, 10, 100, 50], np.float32), (num_boxes, 1)),
        "num_bbox": num_boxes,
        "image_h": 100,
        "image_w": 200,
    }


def test_a_folder_of_arrays_gives_the_store_that_a_table_of_the_same_regions_gives(
    make_files, build_store, coco, obj36, tmp_path
):
    folder = tmp_path / "arrays"
    folder.mkdir()
    for number in (3, 1, 2):
        np.savez(folder / f"{number}.npz", **_arrays(number))
    np.savez(folder / "4.npz", **_arrays(4, num_boxes=35))
    files = make_files(coco_captions=coco(1, 2, 3, 4), **VOCABULARIES) | {"coco_regions": (folder,)}
    store, counts = build_store(files)
    assert store.image_ids.tolist() == ["coco:1", "coco:2", "coco:3"]
    assert store.features_NRF[:, 7, 5].tolist() == [1, 2, 3]
    assert store.boxes_NR4[2, 35].tolist() == pytest.approx([0.1, 0.1, 0.5, 0.5])
    assert store.sizes_N2.tolist() == [[100, 200]] * 3
    assert set(store.object_ids_NR.ravel().tolist()) == {-1}
    assert counts["rejected"] == {"fewer than 36 boxes": 1}


def test_several_forms_together_are_one_store_and_the_first_by_name_wins(
    make_files, build_store, coco, obj36, tmp_path
):
    folder = tmp_path / "arrays"
    folder.mkdir()
    for number in (1, 2):
        np.savez(folder / f"{number}.npz", **_arrays(number))
    lines = [obj36(f"COCO_train2014_{n:012}", features=np.full((36, 2048), 10 * n)) for n in (2, 3)]
    files = make_files(coco_captions=coco(1, 2, 3), obj36="".join(lines), **VOCABULARIES) | {"coco_regions": (folder,)}
    store, counts = build_store(files)
    assert store.features_NRF[:, 0, 0].tolist() == [1, 2, 30]
    assert counts["rejected"] == {"image listed before": 1}
    assert store.object_ids_NR[2, :3].tolist() == [0, 1, 2]


def test_features_too_large_in_a_folder_of_arrays_leave_the_image_to_the_next_source(
    make_files, build_store, coco, obj36, tmp_path
):
    folder = tmp_path / "arrays"
    folder.mkdir()
    for number, value in ((1, 70_000), (2, 2)):
        np.savez(folder / f"{number}.npz", **_arrays(value))
    lines = [obj36(f"COCO_train2014_{n:012}", features=np.full((36, 2048), 10 * n)) for n in (1, 2)]
    files = make_files(coco_captions=coco(1, 2), obj36="".join(lines), **VOCABULARIES) | {"coco_regions": (folder,)}
    store, counts = build_store(files)
    assert store.features_NRF[:, 0, 0].tolist() == [10, 2]
    assert counts["rejected"] == {"feature too large for float16": 1, "image listed before": 1}


def test_labels_of_a_collection_become_lines_of_the_vocabulary_and_unknown_ones_none(make_files, build_store):
    row = {
        "image": "birds:17",
        "width": 200,
        "height": 100,
        "boxes": [[20, 10, 100, 50]] * 36,
        "labels": ["bird", "wren", None, *["cat"] * 33],
        "features": base64.b64encode(np.ones((36, 2048), "<f4").tobytes()).decode(),
    }
    lines = json.dumps(row) + "\n"
    store, _ = build_store(make_files(collection=lines, collection_regions=lines, **VOCABULARIES))
    assert store.image_ids.tolist() == ["birds:17"]
    assert store.object_ids_NR[0, :4].tolist() == [2, -1, -1, 0]
    assert store.object_conf_NR[0, :4].tolist() == [1, 1, 0, 1]
    assert store.boxes_NR4[0, 0].tolist() == pytest.approx([0.1, 0.1, 0.5, 0.5])


def test_a_file_that_changes_between_the_readings_is_an_error(make_files, build_store, coco, tmp_path, monkeypatch):
    folder = tmp_path / "arrays"
    folder.mkdir()
    np.savez(folder / "1.npz", **_arrays(1))

    def lay_out(*arguments):
        np.savez(folder / "1.npz", **_arrays(1, num_boxes=35))
        return real(*arguments)

    from data.regions import detections

    real = detections.lay_out_store
    monkeypatch.setattr(detections, "lay_out_store", lay_out)
    with pytest.raises(SourceError, match=r"the regions of coco:1, as in the first reading.*1\.npz"):
        build_store(make_files(coco_captions=coco(1), **VOCABULARIES) | {"coco_regions": (folder,)})


def test_pictures_of_a_collection_are_found_by_their_names_and_one_that_two_images_share_is_neithers(
    make_files, make_table, tmp_path
):
    rows = [
        {"image": "birds:1", "file_name": "wren.jpg"},
        {"image": "birds:2"},
        {"image": "boats:2"},
        {"image": "boats:3"},
    ]
    files = make_files(collection="".join(json.dumps(row) + "\n" for row in rows))
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for name in ("wren.jpg", "2.jpg", "more/3.png", "9.jpg"):
        (folder / name).touch()
    found = find(files | {"collection_images": (folder,)}, load(make_table(files)))
    assert found == {"birds:1": folder / "wren.jpg", "boats:3": folder / "more/3.png"}
