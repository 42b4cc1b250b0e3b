"""The publishers' real files, where they lie beside the checkout: counts that their publishers state."""

from collections import Counter

import pytest

from data.sources import all_sources


def _read(path, name, content, rejections=None):
    reject = pytest.fail if rejections is None else rejections.append
    return list(all_sources()[name].reads[content](path, reject))


def test_coco_val2017_has_5000_images_and_25014_captions(shared_data):
    path = shared_data / "coco/annotations/captions_val2017.json"
    assert len({image.image_id for image in _read(path, "coco_captions", "images")}) == 5_000
    captions = _read(path, "coco_captions", "captions")
    assert len(captions) == 25_014
    assert captions[0].text == "A black Honda motorcycle parked in front of a garage."
    assert not any(caption.text != caption.text.strip() for caption in captions)


def test_coco_val2017_boxes_are_of_80_categories_and_the_one_without_area_is_rejected(shared_data):
    rejections = []
    path = shared_data / "coco/annotations/instances_val2017_boxes.json"
    boxes = _read(path, "coco_instances", "boxes", rejections)
    assert len(boxes) + len(rejections) == 36_781
    assert [rejection.reason for rejection in rejections] == ["box without area"]
    assert len({box.label for box in boxes}) == 80


def test_official_instances_with_masks_are_read(shared_data):
    boxes = _read(shared_data / "coco/annotations/mini/instances_val2017.json", "coco_instances", "boxes")
    assert len(boxes) == 624
    assert len({box.image_id for box in boxes}) <= 79


def test_two_images_of_visual_genome_have_111_phrases(shared_data):
    path = shared_data / "visual_genome/region_descriptions_2images.json"
    phrases = _read(path, "vg_region_descriptions", "phrases")
    assert len(phrases) == 111
    assert {phrase.image_id for phrase in phrases} == {"vg:2334407", "vg:2360629"}
    assert phrases[0].text == "man wearing a cap"
    assert phrases[0].box == (366, 228, 472, 359)


def test_the_detectors_vocabularies_have_1600_and_400_labels_with_the_known_ids(shared_data):
    objects = _read(shared_data / "visual_genome/objects_vocab.txt", "object_vocabulary", "labels")
    attributes = _read(shared_data / "visual_genome/attributes_vocab.txt", "attribute_vocabulary", "labels")
    assert (len(objects), len(attributes)) == (1_600, 400)
    assert [objects[number] for number in (177, 397, 453, 291, 50)] == ["building", "sidewalk", "window", "tree", "man"]
    assert attributes[0] == "gray"


def test_karpathys_lists_have_5000_images_each_and_none_in_common(shared_data):
    validation = _read(shared_data / "coco/karpathy_val_images.txt", "validation_images", "image_ids")
    test = _read(shared_data / "coco/karpathy_test_images.txt", "test_images", "image_ids")
    assert len(set(validation)) == len(set(test)) == 5_000
    assert not set(validation) & set(test)
    assert all(image_id.startswith("coco:") for image_id in validation)


def test_visual_genomes_lists_are_read_by_their_folder(shared_data):
    image_ids = _read(shared_data / "visual_genome/bottom_up_test.txt", "test_images", "image_ids")
    assert len(set(image_ids)) == 5_000
    assert image_ids[0] == "vg:2405620"


@pytest.mark.parametrize(
    ("sample", "num_questions"), [("sample60k_train", 48_061), ("sample60k_valid", 8_977), ("smallval", 589)]
)
def test_every_question_of_the_vqa_samples_has_its_ten_answers(shared_data, sample, num_questions):
    questions = _read(shared_data / f"vqa/{sample}_questions.json", "vqa_questions", "questions")
    answers = _read(shared_data / f"vqa/{sample}_annotations.json", "vqa_annotations", "answers")
    assert len(questions) == len(answers) == num_questions
    assert {question.question_id for question in questions} == {record.question_id for record in answers}
    assert {len(record.answers) for record in answers} == {10}


def test_gqas_samples_have_4154_questions_and_four_scene_graphs(shared_data):
    names = ("val_balanced_tail", "ood_testdev_head", "ood_testdev_tail")
    questions = [_read(shared_data / f"gqa/{name}.json", "gqa_questions", "questions") for name in names]
    assert [len(found) for found in questions] == [1_358, 1_733, 1_063]
    assert {question.image_ids[0].split(":")[0] for question in questions[0]} == {"vg"}
    assert {question.image_ids[0].split(":")[0] for question in questions[1]} == {"gqa"}
    graphs = shared_data / "gqa/scene_graphs_sample.json"
    images = {image.image_id: image for image in _read(graphs, "gqa_scene_graphs", "images")}
    assert len(images) == 4
    assert (images["vg:2375429"].width_px, images["vg:2375429"].height_px) == (500, 333)
    boxes = _read(graphs, "gqa_scene_graphs", "boxes")
    assert Counter(box.image_id for box in boxes)["vg:2375429"] == 21
    assert len(boxes) == 59


@pytest.mark.parametrize(
    ("name", "num_statements", "num_true", "num_sets"), [("dev", 6_982, 3_551, 2_018), ("test1", 6_967, 3_558, 1_995)]
)
def test_nlvr2_has_the_published_numbers_of_statements_and_consistency_sets(
    shared_data, name, num_statements, num_true, num_sets
):
    questions = _read(shared_data / f"nlvr2/{name}.json", "nlvr2", "questions")
    assert len({question.question_id for question in questions}) == num_statements
    assert sum(question.answers == ("True",) for question in questions) == num_true
    assert len({question.set_id for question in questions}) == num_sets
    images = _read(shared_data / f"nlvr2/{name}.json", "nlvr2", "images")
    assert {image.image_id for image in images} == {name for question in questions for name in question.image_ids}
    assert {image.split for image in images} == {"validation" if name == "dev" else "test"}


def test_lxmerts_answers_are_3129_and_1842_and_the_first_of_vqa_is_empty(shared_data):
    vqa = _read(shared_data / "lxmert_answers/vqa/trainval_label2ans.json", "vqa_answers", "answer_list")
    gqa = _read(shared_data / "lxmert_answers/gqa/trainval_label2ans.json", "gqa_answers", "answer_list")
    assert (len(vqa), len(gqa)) == (3_129, 1_842)
    assert vqa[0] == ""


def test_nlvr1_has_5934_pairs_of_a_sentence_and_a_picture(shared_data):
    assert len(_read(shared_data / "nlvr1/dev/dev.json", "nlvr1", "questions")) == 5_934
