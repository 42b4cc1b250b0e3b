"""Phrases made from boxes say what is there."""

from data.box_phrases import phrases_of_boxes, plural
from data.records import Box, BoxRecord


def box(label: str, where: Box, *attributes: str) -> BoxRecord:
    return BoxRecord(image_id="nlvr1:1-0-0", box=where, label=label, attributes=attributes)


def test_objects_are_named_placed_counted_and_related() -> None:
    boxes = [
        box("circle", (0, 0, 10, 10), "small", "yellow"),
        box("circle", (80, 0, 90, 10), "small", "yellow"),
        box("square", (0, 40, 10, 50), "black"),
    ]
    # the right end of the farthest box, 90, stands for the width: thirds end at 30 and 60
    assert [phrase.text for phrase in phrases_of_boxes(boxes)] == [
        "small yellow circle on the left",
        "small yellow circle on the right",
        "black square on the left",
        "two small yellow circles",
        "small yellow circle above a black square",
        "small yellow circle to the right of a black square",
        "black square below a small yellow circle",
    ]


def test_a_phrase_that_two_boxes_share_is_given_once() -> None:
    boxes = [box("dog", (0, 0, 4, 4)), box("dog", (1, 0, 5, 4)), box("cat", (80, 0, 90, 9))]
    texts = [phrase.text for phrase in phrases_of_boxes(boxes)]
    assert texts.count("dog on the left") == 1
    assert "two dogs" in texts


def test_plurals() -> None:
    assert [plural(noun) for noun in ("dog", "bus", "wine glass", "person", "toothbrush", "teddy bear", "toy")] == [
        *("dogs", "buses", "wine glasses", "people", "toothbrushes", "teddy bears", "toys")
    ]
