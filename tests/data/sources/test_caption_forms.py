"""Captions of COCO and Flickr30k in the layouts that others gave them: the same images, by the same ids."""

import json

import pytest

from data.errors import SourceError
from data.records import CaptionRecord, ImageRecord


def _image(image_id, **fields):
    return ImageRecord(**{"image_id": image_id, "file_name": None, "width_px": None, "height_px": None, **fields})


def test_karpathys_coco_has_cocos_ids_and_restval_is_trained_on(whole_files, read_all):
    images, _ = read_all("coco_karpathy", "images", whole_files["coco_karpathy"])
    captions, rejections = read_all("coco_karpathy", "captions", whole_files["coco_karpathy"])
    assert images == [
        _image("coco:391895", file_name="COCO_val2014_000000391895.jpg", split="train"),
        _image("coco:42", file_name="COCO_val2014_000000000042.jpg", split="test"),
    ]
    assert captions == [
        CaptionRecord(image_id="coco:391895", caption_id="coco:770337", text="A man with a red helmet.")
    ]
    assert rejections == []


def test_flickr30ks_own_captions_are_called_by_their_image_and_number(whole_files, read_all):
    captions, _ = read_all("flickr30k_captions", "captions", whole_files["flickr30k_captions"])
    assert captions == [
        CaptionRecord(image_id="flickr30k:1000092795", caption_id="flickr30k:1000092795#0", text="Two young guys ."),
        CaptionRecord(image_id="flickr30k:1000092795", caption_id="flickr30k:1000092795#1", text="Two men."),
        CaptionRecord(image_id="flickr30k:36979", caption_id="flickr30k:36979#0", text="A dog."),
    ]
    images, _ = read_all("flickr30k_captions", "images", whole_files["flickr30k_captions"])
    assert images == [
        _image("flickr30k:1000092795", file_name="1000092795.jpg", photo_id="1000092795"),
        _image("flickr30k:36979", file_name="36979.jpg", photo_id="36979"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1.jpg#0 A dog.", "not like 1000092795.jpg#0, a tab and a caption"),
        ("1.png#0\tA dog.", "not like 1000092795.jpg#0, a tab and a caption"),
        ("1.jpg\tA dog.", "not like 1000092795.jpg#0, a tab and a caption"),
        ("1.jpg#0\t ", "empty text"),
    ],
)
def test_a_bad_line_of_flickr30ks_captions_is_rejected_with_its_reason(read_all, line, reason):
    contents = f"2.jpg#0\tA cat.\n{line}\n".encode()
    captions, rejections = read_all("flickr30k_captions", "captions", contents)
    assert [caption.text for caption in captions] == ["A cat."]
    assert [(rejection.record, rejection.reason) for rejection in rejections] == [("line 2", reason)]


def test_a_tab_inside_a_caption_is_a_space(read_all):
    captions, _ = read_all("flickr30k_captions", "captions", b"2.jpg#3\tA\tcat.\n")
    assert captions[0].text == "A cat."


@pytest.mark.parametrize("as_list", [True, False])
def test_vilberts_captions_are_read_as_lines_and_as_the_one_list_of_msps_authors(read_all, as_list):
    rows = [
        {"img_path": "36979.jpg", "sentences": ["A dog.", " It \n runs."], "id": 7},
        {"img_path": "x.jpg", "sentences": ["A cat."], "id": 8},
        {"img_path": "5.jpg", "sentences": [3], "id": -1},
    ]
    contents = json.dumps(rows) if as_list else "".join(json.dumps(row) + "\n" for row in rows)
    captions, rejections = read_all("flickr30k_vilbert", "captions", contents.encode())
    assert captions == [
        CaptionRecord(image_id="flickr30k:36979", caption_id="flickr30k:36979#0", text="A dog."),
        CaptionRecord(image_id="flickr30k:36979", caption_id="flickr30k:36979#1", text="It runs."),
    ]
    assert [rejection.reason for rejection in rejections] == ["not like 1000092795.jpg", "not a text"]
    images, _ = read_all("flickr30k_vilbert", "images", contents.encode())
    assert images == [
        _image("flickr30k:36979", file_name="36979.jpg", photo_id="36979"),
        _image("flickr30k:5", file_name="5.jpg", photo_id="5"),
    ]
    images, rejections = read_all("coco_vilbert", "images", contents.encode())
    assert images == [_image("coco:7", file_name="36979.jpg"), _image("coco:8", file_name="x.jpg")]
    place = "[2]" if as_list else "line 3"
    assert [(rejection.record, rejection.reason) for rejection in rejections] == [(place, "not a whole number from 0")]


@pytest.mark.parametrize(
    ("file_name", "split"),
    [
        ("all_data_final_train_2014.jsonline", "train"),
        ("all_data_final_val_set0_2014.jsonline", "validation"),
        ("all_data_final_test_set0_2014.jsonline", "test"),
        ("flickr30k_train2014.json", "train"),
        ("flickr30k_test2014.json", "test"),
        ("all_data_final_trainval.jsonline", None),
        ("captions_val2014.jsonline", None),  # a file of the user's own
    ],
)
def test_the_published_names_of_vilberts_files_say_what_they_are_for(read_all, file_name, split):
    line = json.dumps({"img_path": "36979.jpg", "sentences": ["A dog."], "id": 7}).encode() + b"\n"
    (image,), _ = read_all("flickr30k_vilbert", "images", line, file_name)
    assert image.split == split
    (image,), _ = read_all("coco_vilbert", "images", line, file_name)
    assert image.split == split


def test_a_sentence_is_named_by_its_own_line_though_another_before_it_was_none(read_all):
    lines = [b'{"id": 7, "sentences": ["A dog."]}', b"{", b'{"id": 8, "sentences": [3, "A cat."]}']
    captions, rejections = read_all("coco_vilbert", "captions", b"\n".join(lines) + b"\n")
    assert [caption.caption_id for caption in captions] == ["coco:7#0", "coco:8#1"]
    assert [rejection.record for rejection in rejections] == ["line 2", "line 3.sentences[0]"]


def test_karpathys_flickr30k_is_no_coco_and_the_error_says_what_it_looks_like(whole_files, read_all):
    _, rejections = read_all("coco_karpathy", "images", whole_files["flickr30k"])
    assert [rejection.field for rejection in rejections] == ["cocoid"] * 3
    with pytest.raises(SourceError) as caught:
        read_all("coco_captions", "captions", whole_files["lxmert_vqa"])
    assert "it looks like VQA v2 in LXMERT's form ([sources] lxmert_vqa)" in caught.value.way_out
    assert "[sources] coco_captions wants COCO captions" in caught.value.way_out
