"""LXMERT's JSON files: the official questions and statements in another form, and texts of pre-training."""

import json

import pytest

from data.answers import soft_targets
from data.records import CaptionRecord, ImageRecord, PhraseRecord, QuestionRecord


def _image(image_id, **fields):
    return ImageRecord(**{"image_id": image_id, "file_name": None, "width_px": None, "height_px": None, **fields})


def _reasons(rejections):
    return [(rejection.record, rejection.field, rejection.reason) for rejection in rejections]


def test_lxmerts_vqa_repeats_an_answer_until_its_soft_target_is_the_score_in_the_file(whole_files, read_all):
    questions, rejections = read_all("lxmert_vqa", "questions", whole_files["lxmert_vqa"])
    assert questions == [
        QuestionRecord(
            question_id="vqa:458752000",
            image_ids=("coco:458752",),
            text="What is this photo taken looking through?",
            answers=("net", "net", "net", "net", "mesh", "mesh", ""),
            kind="what is this",
        ),
        QuestionRecord(question_id="vqa:262144000", image_ids=("coco:262144",), text="Is the ball flying?"),
    ]
    assert soft_targets(questions[0].answers) == {"net": 1.0, "mesh": 0.6, "": 0.3}
    assert rejections == []


def test_lxmerts_vqa_lists_its_images_and_those_of_cocos_test_set_are_test_images(whole_files, read_all):
    images, _ = read_all("lxmert_vqa", "images", whole_files["lxmert_vqa"])
    assert images == [_image("coco:458752"), _image("coco:262144", split="test")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label": {}}, ("label", "no answer with a score")),
        ({"label": {"net": 0.5}}, ("label", "score that no number of people makes")),
        ({"label": {"net": 0}}, ("label", "score outside (0, 1]")),
        ({"label": {"net": 30}}, ("label", "score outside (0, 1]")),
        ({"label": {"net": True}}, ("net", "not a number")),
        ({"label": ["net"]}, ("label", "not an object with fields")),
        ({"img_id": "picture 7"}, ("img_id", "image id of unknown form")),
        ({"sent": None}, ("sent", "not a text")),
    ],
)
def test_a_bad_question_of_lxmert_is_rejected_with_its_reason(read_all, change, reason):
    good = {"img_id": "COCO_val2014_000000000042", "question_id": 42000, "sent": "What?", "label": {"net": 0.9}}
    questions, rejections = read_all("lxmert_vqa", "questions", json.dumps([{**good, **change}, good]).encode())
    assert [question.answers for question in questions] == [("net",) * 3]
    assert _reasons(rejections) == [("[0]", *reason)]


@pytest.mark.parametrize(("source", "split"), [("lxmert_gqa", None), ("lxmert_gqa_test", "test")])
def test_lxmerts_gqa_has_the_ids_of_gqas_own_questions_and_images(whole_files, read_all, source, split):
    questions, rejections = read_all(source, "questions", whole_files[source])
    assert questions == [
        QuestionRecord(
            question_id="gqa:07333408",
            image_ids=("vg:2375429",),
            text="What is on the white wall?",
            answers=("pipe",),
        ),
        QuestionRecord(question_id="gqa:15", image_ids=("gqa:n161313",), text="Is it there?"),
    ]
    images, _ = read_all(source, "images", whole_files[source])
    assert images == [_image("vg:2375429", split=split), _image("gqa:n161313", split=split)]
    assert rejections == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label": {"pipe": 0.5}}, ("label", "score other than 1")),
        ({"label": {}}, ("label", "no answer with a score")),
        ({"question_id": 7333408}, ("question_id", "not a text")),
        ({"question_id": "7 3"}, ("question id", "question id of unknown form")),
    ],
)
def test_a_bad_question_of_lxmerts_gqa_is_rejected_with_its_reason(read_all, change, reason):
    good = {"img_id": "1", "question_id": "1", "sent": "What?", "label": {"pipe": 1.0}}
    _, rejections = read_all("lxmert_gqa", "questions", json.dumps([{**good, **change}, good]).encode())
    assert _reasons(rejections) == [("[0]", *reason)]


def test_lxmerts_nlvr2_is_nlvr2_itself_but_for_the_kind(whole_files, read_all):
    questions, _ = read_all("lxmert_nlvr2", "questions", whole_files["lxmert_nlvr2"])
    official = {"identifier": "dev-850-0-0", "sentence": "One dog is red.", "label": "False"}
    withheld = {"identifier": "test1-3-1-2", "sentence": "A cat."}
    lines = "".join(json.dumps(line) + "\n" for line in (official, withheld)).encode()
    assert questions == read_all("nlvr2", "questions", lines)[0]
    images, _ = read_all("lxmert_nlvr2", "images", whole_files["lxmert_nlvr2"])
    assert images == read_all("nlvr2", "images", lines)[0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label": 2}, ("label", "neither 0 nor 1")),
        ({"label": "True"}, ("label", "not a number")),
        ({"img1": "dev-1-0-img0"}, ("img0", "pictures of another identifier")),
        ({"identifier": "dev-1-0"}, ("identifier", "not like dev-850-0-1")),
    ],
)
def test_a_bad_statement_of_lxmert_is_rejected_with_its_reason(read_all, change, reason):
    good = {"identifier": "dev-1-0-0", "img0": "dev-1-0-img0", "img1": "dev-1-0-img1", "sent": "A cat.", "label": 1}
    questions, rejections = read_all("lxmert_nlvr2", "questions", json.dumps([{**good, **change}, good]).encode())
    assert [question.answers for question in questions] == [("True",)]
    assert _reasons(rejections) == [("[0]", *reason)]


def test_the_texts_of_pretraining_are_captions_phrases_and_questions_by_their_set(whole_files, read_all):
    contents = whole_files["lxmert_pretraining"]
    assert read_all("lxmert_pretraining", "images", contents)[0] == [_image("coco:318556"), _image("vg:2375429")]
    assert read_all("lxmert_pretraining", "captions", contents)[0] == [
        CaptionRecord(image_id="coco:318556", caption_id="coco:318556#mscoco0", text="A very clean room.")
    ]
    assert read_all("lxmert_pretraining", "phrases", contents)[0] == [
        PhraseRecord(image_id="coco:318556", phrase_id="coco:318556#vg0", text="red car", box=None),
        PhraseRecord(image_id="vg:2375429", phrase_id="vg:2375429#vg0", text="man", box=None),
        PhraseRecord(image_id="vg:2375429", phrase_id="vg:2375429#vg1", text="tall tree", box=None),
    ]
    questions, rejections = read_all("lxmert_pretraining", "questions", contents)
    assert questions == [
        QuestionRecord(question_id="coco:318556#vqa0", image_ids=("coco:318556",), text="Is it red?", answers=("no",)),
        QuestionRecord(
            question_id="coco:318556#vqa1", image_ids=("coco:318556",), text="What is it?", answers=("net", "mesh")
        ),
    ]
    assert rejections == []


def test_labels_that_do_not_match_their_sentences_are_rejected(read_all):
    rows = [
        {"img_id": "1", "sentf": {"vqa": ["a", "b"]}, "labelf": {"vqa": [{"no": 1}]}},
        {"img_id": "1", "sentf": {"vqa": ["a", 3]}, "labelf": {"vqa": [{"no": 2}, {"no": 1}]}},
        {"img_id": "1", "sentf": {"v q": ["a"]}, "labelf": {"v q": [{"no": 1}]}},
        {"img_id": "1", "sentf": {"vg": 3}, "labelf": []},
    ]
    contents = json.dumps(rows).encode()
    assert _reasons(read_all("lxmert_pretraining", "questions", contents)[1]) == [
        ("[0]", "labelf", "another number of labels than of sentences"),
        ("[1].vqa[0]", "label", "score outside (0, 1]"),
        ("[1].vqa[1]", "sentf", "not a text"),
        ("[2]", "labelf", "name of a set that is no word"),
        ("[3]", "labelf", "not an object with fields"),
    ]
    assert _reasons(read_all("lxmert_pretraining", "phrases", contents)[1]) == [("[3]", "vg", "not a list")]
