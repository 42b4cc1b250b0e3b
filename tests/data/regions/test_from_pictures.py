"""Region features from plain pictures: what is looked at, what is left out, and bytes that depend on nothing else."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from data import images
from data.errors import SourceError, UserError
from data.progress import silent
from data.regions import pictures as pictures_at_hand
from data.regions.from_pictures import PictureSettings, build
from data.regions.store import RegionStore
from data.shards import Workplace

THREE_A_SHARD = PictureSettings(images_per_shard=3)


def place(folder):
    return Workplace(scratch=folder / "scratch")


@pytest.fixture
def pictures(tmp_path):
    """Six pictures of 200 x 100 pixels, red on the left; the fifth is cut off, the sixth of another shape."""
    folder = tmp_path / "pictures/train2014"
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 256, (6, 100, 200, 3), np.uint8)
    for number in range(1, 7):
        noise[number - 1, :, :100] = (255, 0, 0)
        Image.fromarray(noise[number - 1]).save(folder / f"{number:012}.png")
    whole = (folder / f"{5:012}.png").read_bytes()
    (folder / f"{5:012}.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(noise[5][:, :100]).save(folder / f"{6:012}.png")
    return tmp_path / "pictures"


@pytest.fixture
def files(make_files, coco, pictures):
    annotations = [
        (1, 0, [0, 0, 100, 100]),
        (1, 1, [100, 0, 50, 50]),
        (1, 1, [190, 90, 20, 20]),  # half outside
        (1, 1, [300, 0, 50, 50]),  # all outside
        (7, 1, [0, 0, 50, 50]),  # an image without a picture
    ]
    given = make_files(coco_instances=coco(*range(1, 8), annotations=annotations, categories=["red", "ant"]))
    return {**given, "coco_images": (pictures,)}


@pytest.fixture
def make_store(tmp_path, files, make_table):
    """(store, counts, folder) of the files."""
    table = make_table(files)

    def make(name="regions", num_workers=1, settings=None):
        into = tmp_path / name
        into.mkdir()
        build(
            files,
            images=table,
            settings=settings or THREE_A_SHARD,
            into=into,
            progress=silent,
            workplace=Workplace(scratch=tmp_path / f"{name}-scratch", num_workers=num_workers),
        )
        return RegionStore.open(into / "regions.h5"), json.loads((into / "counts.json").read_text()), into

    return make


def test_annotated_boxes_are_clipped_to_the_picture_and_topped_up_with_a_grid(make_store):
    store, counts, _ = make_store()
    assert store.object_names == ("ant", "background", "red")
    assert store.attribute_names == ()
    assert store.boxes_NR4[0, 0].tolist() == [0, 0, 0.5, 1]
    assert store.boxes_NR4[0, 1].tolist() == [0.5, 0, 0.75, 0.5]
    assert store.boxes_NR4[0, 2] == pytest.approx([0.95, 0.9, 1, 1])
    assert store.object_ids_NR[0, :4].tolist() == [2, 0, 0, 1]
    assert (store.object_ids_NR[1] == 1).all()
    assert (store.attribute_ids_NR == -1).all()
    assert (store.object_conf_NR == 1).all()
    assert counts["notes"]["annotated boxes"] == 3
    assert counts["notes"]["annotated boxes that lie outside their picture"] == 1


def test_an_image_without_a_usable_picture_is_rejected_with_its_reason(make_store):
    store, counts, into = make_store()
    assert store.image_ids.tolist() == ["coco:1", "coco:2", "coco:3", "coco:4"]
    assert counts["rejected"] == {
        "image without a picture": 1,
        "picture of another shape than listed": 1,
        "picture that cannot be decoded": 1,
    }
    rejected = pq.read_table(into / "rejected.parquet").to_pylist()
    assert {row["record"] for row in rejected} == {"coco:5", "coco:6", "coco:7"}
    assert counts["read"] == 7 + 5
    assert counts["rows"]["train"] == 4


def test_the_bytes_do_not_depend_on_the_number_of_workers(make_store):
    _, _, one = make_store("one", num_workers=1)
    _, _, two = make_store("two", num_workers=2)
    names = sorted(path.name for path in one.iterdir())
    assert "regions.h5" in names
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_features_are_standardised_over_the_regions_of_train_pictures(make_store):
    store, _, _ = make_store()
    features = store.features_NRF.astype(np.float64).reshape(-1, 2048)
    limited = np.abs(features) >= 6
    kept = ~limited.any(axis=0)
    assert kept.mean() > 0.5
    assert np.abs(features[:, kept].mean(axis=0)).max() < 1e-3
    deviations = features[:, kept].std(axis=0)
    assert ((np.abs(deviations - 1) < 1e-2) | (deviations == 0)).all()


def test_equal_pixels_have_equal_features_and_others_have_not(make_store):
    store, _, _ = make_store()
    left = (store.boxes_NR4[1] == store.boxes_NR4[1, 0]).all(axis=1)
    assert left[0]
    red = store.features_NRF[[1, 2, 3], 0]
    assert (red == red[0]).all()  # the first cell of the grid is red in every picture
    noise = store.features_NRF[[1, 2, 3], 35]
    assert (noise[0] != noise[1]).any()


def test_pictures_of_benchmarks_are_found_by_id_in_their_own_folder_and_give_their_own_size(
    make_files, make_table, tmp_path
):
    """Flickr30k and Visual Genome both have a picture 7; GQA's are with Visual Genome's, which lists no size here."""
    questions = {str(n): {"imageId": image, "question": "Is it red?"} for n, image in enumerate(("7", "n8", "9"))}
    door = {"object_id": 1, "x": 0, "y": 0, "w": 30, "h": 20, "names": ["door"]}
    files = make_files(
        gqa_questions=questions,
        vg_objects=[{"image_id": 7, "objects": [door]}],
        flickr30k={"images": [{"filename": "7.jpg", "split": "train", "sentences": []}]},
        nlvr2=json.dumps({"identifier": "train-1-0-0", "sentence": "A dog."}) + "\n",
    )
    sizes = {
        "vg_images/VG_100K_2/7.jpg": (60, 40),
        "vg_images/n8.png": (50, 30),
        "flickr30k_images/7.jpg": (80, 50),
        "nlvr2_images/images/train/1/train-1-0-img0.png": (90, 40),
        "nlvr2_images/train-1-0-img1.jpg": (20, 70),
    }
    for name, size in sizes.items():
        path = tmp_path / "folders" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (9, 99, len(name))).save(path)
        source = name.split("/")[0]
        files[source] = (tmp_path / "folders" / source,)
    build(
        files,
        images=make_table(files),
        settings=THREE_A_SHARD,
        into=tmp_path,
        progress=silent,
        workplace=place(tmp_path),
    )
    store = RegionStore.open(tmp_path / "regions.h5")
    assert dict(zip(store.image_ids.tolist(), store.sizes_N2[:, ::-1].tolist(), strict=True)) == {
        "flickr30k:7": [80, 50],
        "gqa:n8": [50, 30],
        "nlvr2:train-1-0-img0": [90, 40],
        "nlvr2:train-1-0-img1": [20, 70],
        "vg:7": [60, 40],
    }
    assert store.boxes_NR4[4, 0].tolist() == [0, 0, 0.5, 0.5]
    assert json.loads((tmp_path / "counts.json").read_text())["rejected"] == {"image without a picture": 1}


def test_visual_genomes_pictures_may_lie_with_cocos_of_the_same_number(make_files, make_table, coco, tmp_path):
    vg = [{"image_id": 1, "width": 30, "height": 20}, {"image_id": 5, "width": 200, "height": 100, "coco_id": 6}]
    files = make_files(coco_captions=coco(1), vg_image_data=vg)
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, size in {f"{1:012}.png": (200, 100), "1.jpg": (30, 20), f"{6:012}.jpg": (200, 100)}.items():
        Image.new("RGB", size).save(folder / name)
    files["coco_images"] = (folder,)
    found = pictures_at_hand.find(files, images.load(make_table(files)))
    assert {image_id: path.name for image_id, path in found.items()} == {
        "coco:1": f"{1:012}.png",
        "coco:6": f"{6:012}.jpg",
        "vg:1": "1.jpg",
    }


def test_rare_labels_beyond_the_limit_are_not_known(make_store):
    store, _, _ = make_store(settings=PictureSettings(images_per_shard=3, max_labels=2))
    assert store.object_names == ("ant", "background")  # `ant` is on two boxes, `red` on one
    assert store.object_ids_NR[0, :2].tolist() == [-1, 0]


def test_attributes_of_two_files_about_one_object_are_joined(make_files, make_table, coco, pictures, tmp_path):
    thing = {"object_id": 1, "x": 0, "y": 0, "w": 100, "h": 100, "names": ["door"]}
    files = make_files(
        coco_captions=coco(1),
        vg_image_data=[{"image_id": 3, "width": 200, "height": 100, "coco_id": 1}],
        vg_objects=[{"image_id": 3, "objects": [thing]}],
        vg_attributes=[{"image_id": 3, "attributes": [{**thing, "attributes": ["red", "old"]}]}],
    )
    files["coco_images"] = (pictures,)
    build(
        files,
        images=make_table(files),
        settings=THREE_A_SHARD,
        into=tmp_path,
        progress=silent,
        workplace=place(tmp_path),
    )
    store = RegionStore.open(tmp_path / "regions.h5")
    assert store.attribute_names == ("red",)
    assert json.loads((tmp_path / "counts.json").read_text())["notes"]["annotated boxes"] == 1
    assert store.attribute_ids_NR[0, 0] == 0
    assert (store.attribute_ids_NR[0, 1:] == -1).all()  # no cell of the grid overlaps the large box by half


def test_a_folder_that_is_not_there_is_an_error_that_names_the_setting(files, make_table, tmp_path):
    table = make_table(files)
    files["coco_images"] = (tmp_path / "nowhere",)
    with pytest.raises(SourceError, match=r"\[sources\] coco_images"):
        build(
            files,
            images=table,
            settings=THREE_A_SHARD,
            into=tmp_path,
            progress=silent,
            workplace=place(tmp_path),
        )


def test_a_folder_without_any_of_the_pictures_is_an_error(files, make_table, tmp_path):
    table = make_table(files)
    files["coco_images"] = (tmp_path / "images",)
    with pytest.raises(UserError, match="none that can be used"):
        build(
            files,
            images=table,
            settings=THREE_A_SHARD,
            into=tmp_path,
            progress=silent,
            workplace=place(tmp_path),
        )
