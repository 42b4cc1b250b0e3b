"""Each benchmark's reader on a small file in its publisher's layout, with what it must give worked out by hand."""

import json

import pytest

from data.errors import SourceError
from data.records import AnswersRecord, BoxRecord, CaptionRecord, ImageRecord, QuestionRecord


def _image(image_id, **fields):
    return ImageRecord(**{"image_id": image_id, "file_name": None, "width_px": None, "height_px": None, **fields})


def _reasons(rejections):
    return [(rejection.record, rejection.field, rejection.reason) for rejection in rejections]


def test_vqas_questions_are_asked_of_coco_images_and_answered_elsewhere(whole_files, read_all):
    questions, rejections = read_all("vqa_questions", "questions", whole_files["vqa_questions"])
    assert questions == [
        QuestionRecord(question_id="vqa:42000", image_ids=("coco:42",), text="Is it {red}?"),
        QuestionRecord(question_id="vqa:42001", image_ids=("coco:42",), text="What is it?"),
    ]
    assert rejections == []


def test_vqas_ten_answers_are_kept_as_they_are_written_an_empty_one_too(whole_files, read_all):
    answers, _ = read_all("vqa_annotations", "answers", whole_files["vqa_annotations"])
    given = ("yes", "yes", "Yes", "no", "", "maybe ", "yes", "yes", "yes", "yes")
    assert answers == [AnswersRecord(question_id="vqa:42000", answers=given, kind="is it")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"answers": [{"answer": "yes"}] * 9}, ("answers", "not 10 answers")),
        ({"answers": {"answer": "yes"}}, ("answers", "not a list")),
        ({"answers": [{"answer": "yes"}] * 9 + [{"answer": 2}]}, ("answer", "not a text")),
        ({"answers": [{"answer": "yes"}] * 9 + ["yes"]}, ("record", "not an object with fields")),
        ({"question_id": "42000"}, ("question_id", "not a number")),
    ],
)
def test_a_bad_annotation_is_rejected_with_its_reason(read_all, change, reason):
    good = {"question_id": 1, "question_type": "is", "answers": [{"answer": "no"}] * 10}
    contents = json.dumps({"annotations": [{**good, **change}, good]}).encode()
    answers, rejections = read_all("vqa_annotations", "answers", contents)
    assert [record.question_id for record in answers] == ["vqa:1"]
    assert _reasons(rejections) == [("annotations[0]", *reason)]


@pytest.mark.parametrize("source", ["gqa_questions", "gqa_test_questions"])
def test_gqas_questions_keep_their_ids_and_name_both_kinds_of_images(whole_files, read_all, source):
    questions, rejections = read_all(source, "questions", whole_files[source])
    assert questions == [
        QuestionRecord(
            question_id="gqa:00101448",
            image_ids=("vg:2356112",),
            text="The person in the snow is wearing what?",
            answers=("snowsuit",),
            kind="query",
        ),
        QuestionRecord(
            question_id="gqa:201030459",
            image_ids=("gqa:n54424",),
            text="Is it a {couch}?",
            answers=("yes",),
            kind="verify",
        ),
        QuestionRecord(question_id="gqa:15", image_ids=("gqa:n54424",), text="What is [it]?"),
    ]
    assert rejections == []


@pytest.mark.parametrize(("source", "split"), [("gqa_questions", None), ("gqa_test_questions", "test")])
def test_gqas_questions_list_each_image_once(whole_files, read_all, source, split):
    images, _ = read_all(source, "images", whole_files[source])
    assert images == [_image("vg:2356112", split=split), _image("gqa:n54424", split=split)]


@pytest.mark.parametrize(
    ("number", "change", "reason"),
    [
        ("1 2", {}, ("question id", "question id of unknown form")),
        ("1", {"imageId": 2356112}, ("imageId", "not a text")),
        ("1", {"imageId": "COCO_1"}, ("imageId", "image id of unknown form")),
        ("1", {"types": None}, ("record", "not an object with fields")),
        ("1", {"answer": " "}, ("answer", "empty text")),
    ],
)
def test_a_bad_question_of_gqa_is_rejected_under_its_id(gqa_question, read_all, number, change, reason):
    contents = json.dumps({"5": gqa_question, number: {**gqa_question, **change}}).encode()
    questions, rejections = read_all("gqa_questions", "questions", contents)
    assert [question.question_id for question in questions] == ["gqa:5"]
    assert _reasons(rejections) == [(number, *reason)]


def test_scene_graphs_are_sizes_and_boxes_with_attributes(whole_files, read_all):
    images, _ = read_all("gqa_scene_graphs", "images", whole_files["gqa_scene_graphs"])
    boxes, rejections = read_all("gqa_scene_graphs", "boxes", whole_files["gqa_scene_graphs"])
    assert images == [_image("vg:2375429", width_px=500, height_px=333)]
    assert boxes == [
        BoxRecord(image_id="vg:2375429", box=(104, 1, 121, 168), label="pipe", attributes=("white", "tall")),
        BoxRecord(image_id="vg:2375429", box=(0, 0, 5, 6), label="fire hydrant"),
    ]
    assert rejections == []


def test_bad_graphs_and_objects_are_rejected_by_their_place(gqa_graph, read_all):
    flat = {"name": "pipe", "x": 0, "y": 0, "w": 0, "h": 5}
    graphs = {
        "1": {**gqa_graph, "objects": {"9": flat, "10": {**flat, "w": 1, "attributes": "red"}}},
        "2": {**gqa_graph, "objects": []},
        "picture": gqa_graph,
    }
    boxes, rejections = read_all("gqa_scene_graphs", "boxes", json.dumps(graphs).encode())
    assert boxes == []
    assert _reasons(rejections) == [
        ("1.objects[0]", "box", "box without area"),
        ("1.objects[1]", "attributes", "not a list"),
        ("2", "objects", "not an object with fields"),
        ("picture", "imageId", "image id of unknown form"),
    ]


def test_nlvr2s_statements_are_of_two_pictures_and_judged_with_those_of_their_sentence(whole_files, read_all):
    questions, _ = read_all("nlvr2", "questions", whole_files["nlvr2"])
    assert questions == [
        QuestionRecord(
            question_id="nlvr2:dev-850-0-0",
            image_ids=("nlvr2:dev-850-0-img0", "nlvr2:dev-850-0-img1"),
            text="One dog is red.",
            answers=("False",),
            kind="dog",
            set_id="nlvr2:dev-850-0",
        ),
        QuestionRecord(
            question_id="nlvr2:dev-850-1-0",
            image_ids=("nlvr2:dev-850-1-img0", "nlvr2:dev-850-1-img1"),
            text="One dog is red.",
            answers=("True",),
            kind="dog",
            set_id="nlvr2:dev-850-0",
        ),
        QuestionRecord(
            question_id="nlvr2:test2-7-3-12",
            image_ids=("nlvr2:test2-7-3-img0", "nlvr2:test2-7-3-img1"),
            text="A cat.",
            set_id="nlvr2:test2-7-12",
        ),
    ]


def test_nlvr2s_pictures_are_listed_once_with_the_split_and_group_of_their_set(read_all):
    lines = [{"identifier": f"{name}", "sentence": "A cat."} for name in ("train-3-0-0", "train-3-0-1", "test1-3-2-0")]
    images, _ = read_all("nlvr2", "images", "".join(json.dumps(line) + "\n" for line in lines).encode())
    first, second = ({"group_id": "nlvr2:train-3", "split": "train"}, {"group_id": "nlvr2:test1-3", "split": "test"})
    assert images == [
        _image("nlvr2:train-3-0-img0", file_name="train-3-0-img0.png", **first),
        _image("nlvr2:train-3-0-img1", file_name="train-3-0-img1.png", **first),
        _image("nlvr2:test1-3-2-img0", file_name="test1-3-2-img0.png", **second),
        _image("nlvr2:test1-3-2-img1", file_name="test1-3-2-img1.png", **second),
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"identifier": "val-1-0-0"}, ("identifier", "not like dev-850-0-1")),
        ({"identifier": "dev-1-0"}, ("identifier", "not like dev-850-0-1")),
        ({"label": True}, ("label", "not a text")),
        ({"label": "true"}, ("label", "neither True nor False")),
        ({"sentence": ""}, ("sentence", "empty text")),
    ],
)
def test_a_bad_statement_is_rejected_with_its_reason(read_all, change, reason):
    good = {"identifier": "dev-1-0-0", "sentence": "A cat.", "label": "True"}
    contents = "".join(json.dumps(line) + "\n" for line in ({**good, **change}, good)).encode()
    questions, rejections = read_all("nlvr2", "questions", contents)
    assert len(questions) == 1
    assert _reasons(rejections) == [("line 1", *reason)]


def test_karpathys_images_have_his_splits_and_their_sentences_are_captions(whole_files, read_all):
    images, _ = read_all("flickr30k", "images", whole_files["flickr30k"])
    captions, rejections = read_all("flickr30k", "captions", whole_files["flickr30k"])
    assert images == [
        _image("flickr30k:1000092795", file_name="1000092795.jpg", split="train", photo_id="1000092795"),
        _image("flickr30k:36979", file_name="36979.jpg", split="test", photo_id="36979"),
        _image("flickr30k:7", file_name="7.jpg", split="validation", photo_id="7"),
    ]
    assert captions == [
        CaptionRecord(image_id="flickr30k:1000092795", caption_id="flickr30k:0", text="Two young guys ."),
        CaptionRecord(image_id="flickr30k:1000092795", caption_id="flickr30k:1", text="Two men."),
        CaptionRecord(image_id="flickr30k:36979", caption_id="flickr30k:5", text="A dog."),
    ]
    assert rejections == []


def test_unknown_splits_names_and_sentences_of_flickr30k_are_rejected(read_all):
    images = [
        {"filename": "1.jpg", "split": "dev", "sentences": [{"raw": "A dog.", "sentid": -1}]},
        {"filename": "COCO_val2014_000000000042.jpg", "split": "test", "sentences": []},
    ]
    contents = json.dumps({"images": images}).encode()
    assert _reasons(read_all("flickr30k", "images", contents)[1]) == [
        ("images[0]", "split", "neither train, restval, val nor test"),
        ("images[1]", "filename", "not like 1000092795.jpg"),
    ]
    assert _reasons(read_all("flickr30k", "captions", contents)[1]) == [
        ("images[0].sentences[0]", "sentid", "not a whole number from 0"),
        ("images[1]", "filename", "not like 1000092795.jpg"),
    ]


def test_cocos_test_images_are_of_the_test_split(whole_files, read_all):
    (image,), _ = read_all("coco_image_info", "images", whole_files["coco_image_info"])
    assert (image.image_id, image.width_px, image.split) == ("coco:1", 640, "test")


def test_nlvr1s_sentences_are_asked_of_each_of_their_six_pictures(nlvr1_example, read_all):
    false = {**nlvr1_example, "identifier": "12-1", "label": "false"}
    lines = "".join(json.dumps(example) + "\n" for example in (nlvr1_example, false)).encode()
    questions, _ = read_all("nlvr1", "questions", lines)
    assert [question.question_id for question in questions] == [f"nlvr1:12-{k}-{n}" for k in (0, 1) for n in range(6)]
    assert questions[7] == QuestionRecord(
        question_id="nlvr1:12-1-1",
        image_ids=("nlvr1:12-1-1",),
        text="There is a black square.",
        answers=("false",),
        set_id="nlvr1:12",
    )
    assert {question.answers for question in questions[:6]} == {("true",)}


@pytest.mark.parametrize("source", ["vqa_answers", "gqa_answers"])
def test_possible_answers_keep_their_order_and_a_bad_one_is_an_error_since_places_are_ids(
    whole_files, read_all, source
):
    assert read_all("vqa_answers", "answer_list", whole_files["vqa_answers"])[0] == ["", "net", "yes"]
    with pytest.raises(SourceError, match=r"'net', which is \[0\] too \(in .*, \[2\]\)"):
        read_all(source, "answer_list", b'["net", "yes", "net"]')
    with pytest.raises(SourceError, match=r"not a text \(in .*, \[1\]\)"):
        read_all(source, "answer_list", b'["net", 3]')


def test_more_answers_than_anyone_has_are_refused(read_all, monkeypatch):
    monkeypatch.setattr("data.sources.answer_lists.MAX_ANSWERS", 2)
    with pytest.raises(SourceError, match="at most 2 answers"):
        read_all("gqa_answers", "answer_list", b'["a", "b", "c"]')
