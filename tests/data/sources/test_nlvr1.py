"""NLVR version 1: boxes fall on their pixels, phrases are true, and the pictures of a sentence stay together."""

import itertools
import json

import pytest
from PIL import Image

from data.sources.nlvr1_scenes import COLOURS, ORDERS

RGB = {"blue": (0, 153, 255), "black": (0, 0, 0), "yellow": (255, 255, 0), "grey": (211, 211, 211)}


def _file(*examples):
    return "".join(json.dumps(example) + "\n" for example in examples).encode()


def test_each_example_is_six_pictures_in_one_group(nlvr1_example, read_all):
    images, _ = read_all("nlvr1", "images", _file(nlvr1_example), file_name="dev.json")
    assert [image.image_id for image in images] == [f"nlvr1:12-0-{permutation}" for permutation in range(6)]
    assert images[4].file_name == "dev-12-0-4.png"
    assert {(image.width_px, image.height_px, image.group_id) for image in images} == {(400, 100, "nlvr1:12")}


def test_sentences_that_share_a_scene_are_one_group_and_others_are_not(nlvr1_example, read_all):
    reordered = {**nlvr1_example, "identifier": "30-2", "structured_rep": nlvr1_example["structured_rep"][::-1]}
    sibling = {**nlvr1_example, "identifier": "30-1", "structured_rep": [[], [], []]}
    other = {**nlvr1_example, "identifier": "40-0", "structured_rep": [[], [], nlvr1_example["structured_rep"][0]]}
    images, _ = read_all("nlvr1", "images", _file(other, sibling, reordered, nlvr1_example))
    groups = {image.image_id[:-2]: image.group_id for image in images}
    assert groups == {
        "nlvr1:12-0": "nlvr1:12",
        "nlvr1:30-1": "nlvr1:12",
        "nlvr1:30-2": "nlvr1:12",
        "nlvr1:40-0": "nlvr1:40",
    }


def test_only_true_sentences_are_captions(nlvr1_example, read_all):
    false = {**nlvr1_example, "identifier": "12-1", "label": "false"}
    captions, _ = read_all("nlvr1", "captions", _file(nlvr1_example, false))
    assert [caption.caption_id for caption in captions] == [f"nlvr1:12-0-{permutation}" for permutation in range(6)]
    assert {caption.text for caption in captions} == {"There is a black square."}


def test_boxes_are_placed_by_the_permutation(nlvr1_example, read_all):
    boxes, _ = read_all("nlvr1", "boxes", _file(nlvr1_example))
    by_image = {image_id: list(found) for image_id, found in itertools.groupby(boxes, lambda box: box.image_id)}
    shown = {box.label: box for box in by_image["nlvr1:12-0-3"] if box.label != "box"}  # order 1, 2, 0
    assert ORDERS[3] == (1, 2, 0)
    assert shown["circle"].box == (0, 10, 10, 20)
    assert shown["triangle"].box == (60, 50, 90, 80)
    assert shown["square"].box == (340, 80, 360, 100)
    assert shown["circle"].attributes == ("yellow", "small")
    assert shown["triangle"].attributes == ("blue", "big")
    grey = [box.box for box in by_image["nlvr1:12-0-3"] if box.label == "box"]
    assert grey == [(0, 0, 100, 100), (150, 0, 250, 100), (300, 0, 400, 100)]


def test_phrases_are_true_of_the_scene_and_the_same_on_every_reading(nlvr1_example, read_all):
    phrases, _ = read_all("nlvr1", "phrases", _file(nlvr1_example))
    again, _ = read_all("nlvr1", "phrases", _file(nlvr1_example))
    assert phrases == again
    first = {phrase.text: phrase.box for phrase in phrases if phrase.image_id == "nlvr1:12-0-0"}
    square = {
        "medium black square",
        "black square in the left box",
        "medium square in the left box",
        "black square at the bottom of the box",
    }
    circle = {
        "small yellow circle",
        "yellow circle in the middle box",
        "small circle in the middle box",
        "yellow circle at the left edge of the box",
        "yellow circle above a blue triangle",
    }
    triangle = {
        "big blue triangle",
        "blue triangle in the middle box",
        "big triangle in the middle box",
        "blue triangle below a yellow circle",
    }
    for forms, box in ((square, (40, 80, 60, 100)), (circle, (150, 10, 160, 20)), (triangle, (210, 50, 240, 80))):
        (text,) = forms & first.keys()
        assert first.pop(text) == box
    assert first == {
        "left box with one object": (0, 0, 100, 100),
        "box with one black object": (0, 0, 100, 100),
        "middle box with two objects": (150, 0, 250, 100),
        "box with one blue object": (150, 0, 250, 100),
        "box with one yellow object": (150, 0, 250, 100),
        "right box with no objects": (300, 0, 400, 100),
    }


def test_a_tower_and_counts_are_told(nlvr1_example, read_all):
    tower = [
        {"x_loc": 40, "y_loc": 80 - 21 * level, "size": 20, "type": "square", "color": colour}
        for level, colour in enumerate(["Yellow", "Yellow", "Black"])
    ]
    phrases, _ = read_all("nlvr1", "phrases", _file({**nlvr1_example, "structured_rep": [tower, tower[:1], []]}))
    first = {phrase.text: phrase.box for phrase in phrases if phrase.image_id == "nlvr1:12-0-0"}
    assert first["tower of three blocks with a black top"] == (0, 0, 100, 100)
    assert first["three yellow squares"] == (40, 59, 210, 100)
    assert "two black squares" not in first


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"identifier": "12"}, "not like 1572-0"),
        ({"label": "maybe"}, "neither true nor false"),
        ({"structured_rep": [[], []]}, "not three boxes"),
        ({"structured_rep": [[], [], 3]}, "not a list"),
        (
            {"structured_rep": [[], [], [{"x_loc": 95, "y_loc": 0, "size": 10, "type": "circle", "color": "Black"}]]},
            "shape outside its box",
        ),
        (
            {"structured_rep": [[], [], [{"x_loc": 5, "y_loc": 0, "size": 10, "type": "star", "color": "Black"}]]},
            "unknown shape, colour or size",
        ),
    ],
)
def test_a_bad_example_is_rejected_with_its_reason(nlvr1_example, read_all, change, reason):
    for content in ("images", "captions", "phrases", "boxes"):
        _, rejections = read_all("nlvr1", content, _file({**nlvr1_example, **change}, nlvr1_example))
        assert [(rejection.record, rejection.reason) for rejection in rejections] == [("line 1", reason)]


def test_the_colour_at_the_centre_of_every_annotated_box_is_the_annotated_one(shared_data):
    from data.sources import all_sources

    paths = {path.name: path for path in (shared_data / "nlvr1/dev/images/0").rglob("*.png")}
    source = all_sources()["nlvr1"]
    dev = shared_data / "nlvr1/dev/dev.json"
    names = {image.image_id: image.file_name for image in source.reads["images"](dev, pytest.fail)}
    assert len(names) == 989 * 6
    num_looked_at = 0
    for image_id, boxes in itertools.groupby(source.reads["boxes"](dev, pytest.fail), lambda box: box.image_id):
        if names[image_id] in paths:
            with Image.open(paths[names[image_id]]) as picture:
                pixels = picture.convert("RGB")
            assert pixels.size == (400, 100)
            for box in boxes:
                x1, y1, x2, y2 = (int(corner) for corner in box.box)
                if box.label == "box":  # something may lie on its centre, but its border shows where it ends
                    outside = [x for x in (x1 - 1, x2) if 0 <= x < 400]
                    assert all(pixels.getpixel((x, 0)) == (128, 128, 128) for x in outside)
                else:
                    assert pixels.getpixel(((x1 + x2) // 2, (y1 + y2) // 2)) == RGB[box.attributes[0]]
                num_looked_at += 1
    assert num_looked_at > 5_000


def test_the_real_file_has_989_examples_and_its_true_sentences_are_captions(shared_data):
    from data.sources import all_sources

    reads = all_sources()["nlvr1"].reads
    dev = shared_data / "nlvr1/dev/dev.json"
    captions = list(reads["captions"](dev, pytest.fail))
    assert len(captions) == 547 * 6
    images = list(reads["images"](dev, pytest.fail))
    assert len({image.group_id for image in images}) == 251  # 267 sentences, some of which share a scene
    assert set(COLOURS.values()) < RGB.keys()
