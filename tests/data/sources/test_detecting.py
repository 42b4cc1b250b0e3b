"""What a file looks like, by what is in it: every source's own file, and the publishers' real ones."""

import gzip
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.detecting import likeness, looks_like
from data.errors import SourceError
from data.sources import all_sources

ALIKE = [
    {"gqa_questions", "gqa_test_questions"},
    {"lxmert_gqa", "lxmert_gqa_test"},
    {"gqa_answers", "vqa_answers"},
    {"attribute_vocabulary", "object_vocabulary"},
    {"test_images", "validation_images"},
    {"treebank", "treebank_test", "text_conllu"},
    {"image_parquet", "text_parquet", "collection"},
    {"coco_regions", "flickr30k_regions", "vg_regions"},
    {"coco_hard_negatives", "flickr30k_hard_negatives"},
    {"coco_vilbert", "flickr30k_vilbert"},
    {"collection", "collection_regions"},
]
CAPTIONS = {"images": [{"id": 9, "file_name": "9.jpg"}], "annotations": [{"id": 1, "image_id": 9, "caption": "A cat."}]}


@pytest.fixture
def write(tmp_path):
    def write(contents):
        path = tmp_path / "file"
        path.write_bytes(contents if isinstance(contents, bytes) else json.dumps(contents).encode())
        return path

    return write


def test_every_source_but_the_users_own_pictures_and_plain_text_says_by_what_its_files_are_known():
    unmarked = ["collection_images", "image_classes_test", "image_classes_train", "image_folders", "texts"]
    assert [name for name, source in all_sources().items() if not source.marks] == unmarked


def test_a_file_is_known_whatever_it_is_called_and_only_as_what_it_is(whole_files, write):
    readable = {name for name, source in all_sources().items() if source.reads and not source.is_folder}
    assert set(whole_files) == readable
    whole_files.pop("texts")  # plain text may look like anything
    for name, contents in whole_files.items():
        found = set(looks_like(write(contents)))
        assert name in found
        assert found == {name} or any(found <= alike for alike in ALIKE), (name, found)


def test_captions_are_told_from_instances_by_their_end_however_long_the_beginning_is(write):
    images = [{"id": number, "file_name": f"{number}.jpg", "height": 480, "width": 640} for number in range(5_000)]
    boxes = [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}]
    assert looks_like(write(CAPTIONS | {"images": images})) == ("coco_captions",)
    assert looks_like(write({"images": images, "annotations": boxes, "categories": [{"id": 1}]})) == ("coco_instances",)


def test_the_sentence_names_what_was_given_and_what_is_wanted(write):
    path = write(CAPTIONS)
    assert likeness(path, "coco_instances") == (
        "it looks like COCO captions ([sources] coco_captions), and [sources] coco_instances wants COCO instances"
    )
    assert likeness(path, "coco_captions") is None
    assert likeness(write(b"who knows"), "coco_captions") == (
        "it looks like Detector's attributes ([sources] attribute_vocabulary) or Detector's objects "
        "([sources] object_vocabulary), and [sources] coco_captions wants COCO captions"
    )
    assert likeness(write(b"\x00"), "coco_captions") is None
    packed = gzip.compress(json.dumps(CAPTIONS).encode())
    assert likeness(write(packed), "coco_captions") == "it is packed with gzip: unpack it"


def test_a_reader_that_refuses_a_file_says_what_it_looks_like(write):
    path = write(CAPTIONS)
    with pytest.raises(SourceError) as caught:
        list(all_sources()["coco_instances"].reads["boxes"](path, pytest.fail))
    assert caught.value.way_out == f"{likeness(path, 'coco_instances')}; set it in luigi.cfg to the right file"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["COCO_val2014_000000000042.jpg"], {"coco_images"}),
        (["val/000000000042.jpg"], {"coco_images"}),
        (["1000092795.jpg"], {"flickr30k_images"}),
        (["2375429.jpg"], {"flickr30k_images", "vg_images"}),
        (["n161313.jpg"], {"vg_images"}),
        (["dev/dev-850-0-img0.png"], {"nlvr2_images"}),
        (["images/0/dev-12-0-4.png"], {"nlvr1_images"}),
        (["readme.txt", "COCO_val2014_000000000042.npz"], {"coco_regions", "flickr30k_regions", "vg_regions"}),
        (["data.mdb", "lock.mdb"], {"coco_regions", "flickr30k_regions", "vg_regions"}),
        ([], set()),
    ],
)
def test_a_folder_is_known_by_the_names_below_it(tmp_path, names, expected):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert set(looks_like(tmp_path)) == expected


def test_what_cannot_be_read_looks_like_nothing_and_raises_nothing(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    for path in (tmp_path / "nowhere", tmp_path / "pipe", tmp_path / "a\0b"):
        assert looks_like(path) == ()
        assert likeness(path, "coco_captions") is None


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(contents=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_whatever_the_bytes_it_never_raises(contents, write):
    path = write(contents)
    assert isinstance(looks_like(path), tuple)
    assert likeness(path, "obj36") is None or "obj36" not in looks_like(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("coco/annotations/captions_val2017.json", "coco_captions"),
        ("coco/annotations/instances_val2017_boxes.json", "coco_instances"),
        ("coco/annotations/mini/instances_train2017.json", "coco_instances"),
        ("coco/karpathy_test_images.txt", "test_images"),
        ("gqa/val_balanced_tail.json", "gqa_questions"),
        ("gqa/scene_graphs_sample.json", "gqa_scene_graphs"),
        ("lxmert_answers/vqa/trainval_label2ans.json", "vqa_answers"),
        ("nlvr1/dev/dev.json", "nlvr1"),
        ("nlvr2/dev.json", "nlvr2"),
        ("region_features", "coco_regions"),
        ("ud_english_ewt/en_ewt-ud-train.conllu", "treebank"),
        ("visual_genome/bottom_up_test.txt", "test_images"),
        ("visual_genome/objects_vocab.txt", "object_vocabulary"),
        ("visual_genome/region_descriptions_2images.json", "vg_region_descriptions"),
        ("vqa/sample60k_train_questions.json", "vqa_questions"),
        ("vqa/sample60k_train_annotations.json", "vqa_annotations"),
        ("coco/images", "coco_images"),
        ("nlvr1/dev/images", "nlvr1_images"),
    ],
)
def test_the_publishers_real_files_are_known(shared_data, name, expected):
    found = set(looks_like(shared_data / name))
    assert expected in found
    assert found == {expected} or any(found <= alike for alike in ALIKE)
