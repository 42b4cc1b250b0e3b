"""Files of detectors: regions, vocabularies, and what was found by them."""

import base64
import pickle

import numpy as np

from tests.data.sources.files_with_texts import COLLECTION, as_lines


def _base64(values, dtype):
    return base64.b64encode(np.asarray(values, dtype).tobytes()).decode()


def obj36_line(name="COCO_train2014_000000000009", *, num_boxes=2, features=None):
    boxes = [[0, 0, 320, 480], [10, 20, 30, 40]] * num_boxes
    columns = [
        name,
        "480",
        "640",
        _base64(np.arange(num_boxes), "<i8"),
        _base64(np.linspace(0.9, 0.5, num_boxes), "<f4"),
        _base64(np.arange(num_boxes), "<i8"),
        _base64(np.linspace(0.8, 0.4, num_boxes), "<f4"),
        str(num_boxes),
        _base64(boxes[:num_boxes], "<f4"),
        _base64(np.ones((num_boxes, 2048)) if features is None else features, "<f4"),
    ]
    return "\t".join(columns) + "\n"


def six_columns(name="262148", *, num_boxes=2):
    boxes = [[0, 0, 320, 480], [10, 20, 30, 40]]
    features = np.ones((num_boxes, 2048))
    columns = [name, "640", "480", str(num_boxes), _base64(boxes[:num_boxes], "<f4"), _base64(features, "<f4")]
    return "\t".join(columns) + "\n"


def collection_regions():
    row = {name: COLLECTION[0][name] for name in ("image", "width", "height", "boxes", "labels")}
    return [
        row | {"confidences": [0.75, 0.5], "features": _base64(np.full((2, 2048), 0.5), "<f4")},
        {**row, "image": "birds:18", "boxes": [[1, 2, 3, 4]], "labels": ["robin"]}
        | {"features": _base64(np.ones((1, 2048)), "<f4")},
    ]


POOL = {"train_hard_pool": np.array([[0.0, 2, 1], [1, 0, 2], [2, 0, 1]]), "train_image_list": [36979, 65567, 81641]}

FILES = {
    "obj36": obj36_line() + obj36_line("2375429", num_boxes=1),
    "coco_regions": six_columns() + six_columns("000000000009.jpg", num_boxes=1),
    "vg_regions": six_columns("150367"),
    "flickr30k_regions": six_columns("1000092795"),
    "collection_regions": as_lines(collection_regions()),
    "object_vocabulary": "yolk\nstop sign,stopsign\nbuoy",
    "attribute_vocabulary": "gray,grey\nred",
}
PICKLED = {name: pickle.dumps(POOL) for name in ("coco_hard_negatives", "flickr30k_hard_negatives")}
