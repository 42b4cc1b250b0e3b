"""Each reader on a small file in its publisher's layout, with what it must give worked out by hand."""

import json

import numpy as np
import pytest

from data.errors import SourceError
from data.records import BoxRecord, CaptionRecord, ImageRecord, PhraseRecord
from data.sources import all_sources, read, that_give


def test_every_source_bears_the_name_of_its_file_and_says_where_it_can_be_had():
    for name, source in all_sources().items():
        assert source.name == name
        assert source.address.startswith("https://")
        assert source.title
        is_without_reads = not set(source.reads) - {"images", "classes"}
        assert not source.is_folder or is_without_reads or source.pictures is not None


def test_the_contents_of_the_sources_are_what_the_pipeline_asks_for():
    assert that_give("images", "pretraining") == (
        "coco_captions",
        "coco_instances",
        "coco_karpathy",
        "coco_vilbert",
        "collection",
        "image_folders",
        "image_parquet",
        "image_tars",
        "lxmert_pretraining",
        "nlvr1",
        "vg_image_data",
    )
    of_gqa = ("gqa_questions", "gqa_test_questions", "lxmert_gqa", "lxmert_gqa_test")
    assert set(that_give("images", "gqa")) == {*of_gqa, "gqa_scene_graphs"}
    assert that_give("captions", "flickr30k") == ("flickr30k", "flickr30k_captions", "flickr30k_vilbert")
    assert that_give("captions", "pretraining") == (
        "coco_captions",
        "coco_karpathy",
        "coco_vilbert",
        "collection",
        "lxmert_pretraining",
        "nlvr1",
    )
    assert that_give("questions", "gqa") == of_gqa
    assert that_give("questions", "vqa") == ("lxmert_vqa", "vqa_questions")
    assert that_give("questions", "nlvr2") == ("lxmert_nlvr2", "nlvr2")
    assert that_give("questions", "pretraining") == ("lxmert_pretraining", "nlvr1")
    assert that_give("negatives") == ("coco_hard_negatives", "flickr30k_hard_negatives")
    assert that_give("answers") == ("vqa_annotations",)
    assert that_give("answer_list") == ("gqa_answers", "vqa_answers")
    assert that_give("regions") == ("coco_regions", "collection_regions", "flickr30k_regions", "obj36", "vg_regions")
    assert that_give("texts") == ("text_conllu", "text_parquet", "texts")
    assert that_give("labels") == ("attribute_vocabulary", "object_vocabulary")


def test_coco_captions_are_stripped_and_put_on_one_line(whole_files, read_all):
    images, _ = read_all("coco_captions", "images", whole_files["coco_captions"])
    captions, rejections = read_all("coco_captions", "captions", whole_files["coco_captions"])
    assert images[0] == ImageRecord(
        image_id="coco:9", file_name="COCO_train2014_000000000009.jpg", width_px=640, height_px=480
    )
    assert captions == [
        CaptionRecord(image_id="coco:9", caption_id="coco:48", text="A bowl of fruit."),
        CaptionRecord(image_id="coco:25", caption_id="coco:49", text='A giraffe by a tree ["tall"] \\'),
    ]
    assert rejections == []


def test_coco_boxes_have_the_name_of_their_category_although_it_comes_last(whole_files, read_all):
    boxes, _ = read_all("coco_instances", "boxes", whole_files["coco_instances"])
    assert boxes == [BoxRecord(image_id="coco:25", box=(10, 20, 40.5, 60), label="giraffe")]


def test_a_visual_genome_image_knows_its_coco_id_unless_it_is_null_or_minus_one(whole_files, read_all):
    images, _ = read_all("vg_image_data", "images", whole_files["vg_image_data"])
    assert [(image.image_id, image.same_as, image.file_name) for image in images] == [
        ("vg:1", None, "1.jpg"),
        ("vg:2", None, None),
        ("vg:3", "coco:9", None),
    ]


def test_phrases_of_old_and_new_releases_are_read(whole_files, read_all):
    phrases, _ = read_all("vg_region_descriptions", "phrases", whole_files["vg_region_descriptions"])
    assert phrases == [
        PhraseRecord(image_id="vg:1", phrase_id="vg:1382", text="shade is along the street", box=(1, 2, 4, 6)),
        PhraseRecord(image_id="vg:1", phrase_id="vg:1383", text="red car", box=(0, 0, 5, 5)),
    ]


def test_visual_genome_objects_and_attributes_are_boxes(whole_files, read_all):
    objects, _ = read_all("vg_objects", "boxes", whole_files["vg_objects"])
    attributes, _ = read_all("vg_attributes", "boxes", whole_files["vg_attributes"])
    assert objects == [BoxRecord(image_id="vg:1", box=(1, 2, 4, 6), label="clock")]
    assert attributes == [
        BoxRecord(image_id="vg:1", box=(1, 2, 4, 6), label="clock", attributes=("green", "tall")),
        BoxRecord(image_id="vg:1", box=(1, 2, 4, 6), label="street"),
    ]


def test_vocabularies_give_the_first_alias_and_a_last_line_without_newline(whole_files, read_all):
    assert read_all("object_vocabulary", "labels", whole_files["object_vocabulary"])[0] == ["yolk", "stop sign", "buoy"]
    assert read_all("attribute_vocabulary", "labels", b"gray,grey\r\nred\r\n")[0] == ["gray", "red"]


def test_an_empty_line_of_a_vocabulary_is_an_error_since_it_would_shift_all_ids(read_all):
    with pytest.raises(SourceError, match="line 2"):
        read_all("object_vocabulary", "labels", b"yolk\n\nbuoy\n")


def test_lists_of_images_are_read_in_all_their_spellings(whole_files, read_all):
    assert read_all("validation_images", "image_ids", whole_files["validation_images"])[0] == ["coco:253964", "vg:7"]
    assert read_all("test_images", "image_ids", whole_files["test_images"])[0] == ["vg:2405620", "coco:12"]


def test_a_detectors_line_is_decoded_with_any_number_of_boxes(whole_files, read_all):
    records, rejections = read_all("obj36", "regions", whole_files["obj36"])
    assert [record.image_id for record in records] == ["coco:9", "vg:2375429"]
    first = records[0]
    assert (first.width_px, first.height_px) == (640, 480)
    assert first.boxes_R4.tolist() == [[0, 0, 320, 480], [10, 20, 30, 40]]
    assert first.object_ids_R.tolist() == [0, 1]
    assert first.object_conf_R.tolist() == pytest.approx([0.9, 0.5])
    assert first.attribute_conf_R.tolist() == pytest.approx([0.8, 0.4])
    assert first.features().shape == (2, 2048)
    assert rejections == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda line: line.replace("\t480\t", "\t0\t"), "not a whole number from 1 to 1000000"),
        (lambda line: line.replace("\t2\t", "\t101\t"), "not a whole number from 1 to 100"),
        (lambda line: line.replace("\t2\t", "\t1\t"), "another length than num_boxes says"),
        (lambda line: line.replace("COCO_train2014_", "picture-"), "image id of unknown form"),
        (lambda line: line[:-9] + "*" + line[-8:], "not base64"),
        (lambda line: "\t" + line, "not ten columns"),
    ],
)
def test_a_bad_line_of_a_detectors_file_is_rejected_with_its_reason(make_obj36_line, read_all, change, reason):
    contents = make_obj36_line("9") + change(make_obj36_line()) + make_obj36_line("8")
    records, rejections = read_all("obj36", "regions", contents.encode())
    assert [record.image_id for record in records] == ["vg:9", "vg:8"]
    assert [(rejection.record, rejection.reason) for rejection in rejections] == [("line 2", reason)]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_rejected(make_obj36_line, read_all, value):
    features = np.zeros((2, 2048))
    features[1, 7] = value
    contents = make_obj36_line("9") + make_obj36_line(features=features)
    _, rejections = read_all("obj36", "regions", contents.encode())
    assert [(rejection.field, rejection.reason) for rejection in rejections] == [("features", "NaN or infinity")]


def test_a_truncated_last_line_of_a_detectors_file_is_an_error_that_names_it(make_obj36_line, read_all):
    contents = (make_obj36_line("9") + make_obj36_line("8"))[:-100]
    with pytest.raises(SourceError, match="line 2"):
        read_all("obj36", "regions", contents.encode())


def test_a_detectors_file_without_a_last_line_end_is_whole(make_obj36_line, read_all):
    records, _ = read_all("obj36", "regions", make_obj36_line().rstrip("\n").encode())
    assert len(records) == 1


def test_a_table_of_another_format_is_refused_at_once_and_not_line_by_line(read_all):
    with pytest.raises(SourceError, match="not ten columns"):
        read_all("obj36", "regions", b"a,b,c\n" * 1000)


def test_lines_without_end_are_refused_before_they_fill_the_memory(read_all):
    with pytest.raises(SourceError, match="longer"):
        read_all("obj36", "regions", b"x" * (3 << 20))


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        ({"image_id": "9", "id": 1, "caption": "a"}, "not a number"),
        ({"image_id": True, "id": 1, "caption": "a"}, "not a number"),
        ({"image_id": -9, "id": 1, "caption": "a"}, "not a whole number from 0"),
        ({"image_id": 9.5, "id": 1, "caption": "a"}, "not a whole number from 0"),
        ({"image_id": 10**30, "id": 1, "caption": "a"}, "not a finite number"),
        ({"image_id": 9, "caption": "a"}, "missing field"),
        ({"image_id": 9, "id": 1, "caption": " \n "}, "empty text"),
        ({"image_id": 9, "id": 1, "caption": ["a"]}, "not a text"),
        (["image_id"], "not an object with fields"),
    ],
)
def test_a_bad_caption_is_rejected_with_its_reason_and_the_rest_is_read(read_all, annotation, reason):
    if reason == "not a finite number":
        annotation = annotation | {"image_id": 1e300}
    good = {"image_id": 9, "id": 2, "caption": "a"}
    contents = json.dumps({"annotations": [annotation, good]}).encode()
    captions, rejections = read_all("coco_captions", "captions", contents)
    assert [caption.caption_id for caption in captions] == ["coco:2"]
    assert [(rejection.record, rejection.reason) for rejection in rejections] == [("annotations[0]", reason)]


def test_boxes_without_area_and_unknown_categories_are_rejected(read_all):
    annotations = [
        {"image_id": 9, "category_id": 1, "bbox": [1, 1, 0, 5]},
        {"image_id": 9, "category_id": 2, "bbox": [1, 1, 5, 5]},
        {"image_id": 9, "category_id": 1, "bbox": [1, 1, 5]},
        {"image_id": 9, "category_id": 1, "bbox": [1, 1, 1e9, 5]},
    ]
    contents = json.dumps({"annotations": annotations, "categories": [{"id": 1, "name": "cat"}]}).encode()
    boxes, rejections = read_all("coco_instances", "boxes", contents)
    assert boxes == []
    assert [r.reason for r in rejections] == [
        "box without area",
        "unknown category",
        "not four numbers",
        "impossible box",
    ]


def test_a_bad_region_is_named_by_its_image_and_place(read_all):
    contents = json.dumps([{"id": 1, "regions": [{"region_id": 1}]}, {"id": "x", "regions": []}]).encode()
    _, rejections = read_all("vg_region_descriptions", "phrases", contents)
    assert [rejection.record for rejection in rejections] == ["[0].regions[0]", "[1]"]


def test_reading_goes_by_name_of_source_and_then_by_the_order_of_files(tmp_path, whole_files):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(whole_files["coco_captions"])
    (tmp_path / "vg").write_bytes(whole_files["vg_image_data"])
    files = {"vg_image_data": (tmp_path / "vg",), "coco_captions": (tmp_path / "b", tmp_path / "a")}
    image_ids = [image.image_id for image in read(files, "images", pytest.fail)]
    assert image_ids == ["coco:9", "coco:25", "coco:9", "coco:25", "vg:1", "vg:2", "vg:3"]


def test_reading_can_be_limited_to_the_sources_of_a_pool(tmp_path, whole_files):
    files = {name: (tmp_path / name,) for name in ("coco_captions", "flickr30k")}
    for name, (path,) in files.items():
        path.write_bytes(whole_files[name])
    texts = [caption.text for caption in read(files, "captions", pytest.fail, pool="flickr30k")]
    assert texts == ["Two young guys .", "Two men.", "A dog."]
    assert len(list(read(files, "captions", pytest.fail, pool="pretraining"))) == 2
    assert len(list(read(files, "captions", pytest.fail))) == 5
