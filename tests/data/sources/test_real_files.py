"""The publishers' real files, where they lie beside the checkout: counts that their publishers state."""

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
