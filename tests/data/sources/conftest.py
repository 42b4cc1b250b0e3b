"""One small whole file per source that has readers, as its publisher lays it out."""

import base64
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from data.records import Rejection

COCO_IMAGES = [
    {"id": 9, "file_name": "COCO_train2014_000000000009.jpg", "width": 640, "height": 480, "license": 3},
    {"id": 25, "file_name": "COCO_train2014_000000000025.jpg", "width": 500, "height": 375, "license": 3},
]


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


NLVR1_EXAMPLE = {
    "sentence": "There is a black square.",
    "label": "true",
    "identifier": "12-0",
    "directory": "3",
    "evals": {"r1": "true"},
    "structured_rep": [
        [{"x_loc": 40, "y_loc": 80, "size": 20, "type": "square", "color": "Black"}],
        [
            {"x_loc": 0, "y_loc": 10, "size": 10, "type": "circle", "color": "Yellow"},
            {"x_loc": 60, "y_loc": 50, "size": 30, "type": "triangle", "color": "#0099ff"},
        ],
        [],
    ],
}

VQA_ANSWERS = ["yes", "yes", "Yes", "no", "", "maybe ", "yes", "yes", "yes", "yes"]

GQA_QUESTIONS = {
    "00101448": {
        "imageId": "2356112",
        "question": "The person in the snow is wearing what?",
        "answer": "snowsuit",
        "types": {"structural": "query", "semantic": "rel", "detailed": "relO"},
        "semantic": [{"operation": "select", "argument": "snow (823324)", "dependencies": []}],
        "annotations": {"answer": {"0": "823323"}},
    },
    "201030459": {
        "imageId": "n54424",
        "question": "Is it a {couch}?",
        "answer": "yes",
        "types": {"structural": "verify"},
    },
    "15": {"imageId": "n54424", "question": "What is [it]?"},
}

GQA_GRAPH = {
    "width": 500,
    "height": 333,
    "location": "outdoors",
    "objects": {
        "722335": {
            "name": "pipe",
            "x": 104,
            "y": 1,
            "w": 17,
            "h": 167,
            "attributes": ["White", "tall"],
            "relations": [],
        },
        "722332": {"name": "fire hydrant", "x": 0, "y": 0, "w": 5, "h": 6},
    },
}

NLVR2_LINES = [
    {"identifier": "dev-850-0-0", "sentence": "One dog is red.", "label": "False", "synset": "dog", "writer": "61"},
    {"identifier": "dev-850-1-0", "sentence": "One dog is red.", "label": "True", "synset": "dog"},
    {"identifier": "test2-7-3-12", "sentence": "A cat."},
]

FLICKR30K = {
    "dataset": "flickr30k",
    "images": [
        {
            "filename": "1000092795.jpg",
            "imgid": 0,
            "split": "train",
            "sentids": [0, 1],
            "sentences": [
                {"raw": "Two young guys . ", "tokens": ["two"], "imgid": 0, "sentid": 0},
                {"raw": "Two men.", "imgid": 0, "sentid": 1},
            ],
        },
        {"filename": "36979.jpg", "split": "test", "sentences": [{"raw": "A dog.", "sentid": 5}]},
        {"filename": "7.jpg", "split": "val", "sentences": []},
    ],
}

COCO_KARPATHY = {
    "dataset": "coco",
    "images": [
        {
            "filepath": "val2014",
            "filename": "COCO_val2014_000000391895.jpg",
            "cocoid": 391895,
            "imgid": 0,
            "split": "restval",
            "sentids": [770337],
            "sentences": [{"raw": "A man with a red helmet. ", "tokens": ["a"], "imgid": 0, "sentid": 770337}],
        },
        {"filename": "COCO_val2014_000000000042.jpg", "cocoid": 42, "split": "test", "sentences": []},
    ],
}

LXMERT_PRETRAINING = [
    {
        "img_id": "COCO_train2014_000000318556",
        "labelf": {"vqa": [{"no": 1}, {"net": 0.6, "mesh": 0.3}]},
        "sentf": {"mscoco": ["A very clean room.\n"], "vqa": ["Is it red?", "What is it?"], "vg": ["red car "]},
    },
    {"img_id": "2375429", "sentf": {"vg": ["man", " tall tree"]}, "labelf": {}},
]

LXMERT_VQA = [
    {
        "answer_type": "other",
        "img_id": "COCO_train2014_000000458752",
        "label": {"net": 1, "mesh": 0.6, "": 0.3},
        "question_id": 458752000,
        "question_type": "what is this",
        "sent": "What is this photo taken looking through? ",
    },
    {"img_id": "COCO_test2015_000000262144", "question_id": 262144000, "sent": "Is the ball flying?"},
]

LXMERT_GQA = [
    {"img_id": "2375429", "label": {"pipe": 1.0}, "question_id": "07333408", "sent": "What is on the white wall?"},
    {"img_id": "n161313", "question_id": "15", "sent": "Is it there?"},
]

LXMERT_NLVR2 = [
    {
        "identifier": "dev-850-0-0",
        "img0": "dev-850-0-img0",
        "img1": "dev-850-0-img1",
        "label": 0,
        "sent": "One dog is red.",
        "uid": "nlvr2_valid_0",
    },
    {"identifier": "test1-3-1-2", "img0": "test1-3-1-img0", "img1": "test1-3-1-img1", "sent": "A cat.", "uid": "u"},
]

COLLECTION = [
    {
        "image": "birds:17",
        "file_name": "pictures/17.jpg",
        "width": 640,
        "height": 480,
        "split": "train",
        "group": "nest-3",
        "captions": ["A wren sits on a post. ", "A small brown bird."],
        "boxes": [[10, 20, 110.5, 220], [0, 0, 640, 480]],
        "labels": ["wren", None],
        "attributes": [["Brown", "small"], []],
        "phrases": [None, "a green garden"],
    },
    {"image": "birds:b.2", "same_as": "coco:42", "caption": "Two robins", "split": None},
]


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


def as_lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


POOL = {"train_hard_pool": np.array([[0.0, 2, 1], [1, 0, 2], [2, 0, 1]]), "train_image_list": [36979, 65567, 81641]}

FILES = {
    "coco_vilbert": as_lines([{"id": 391895, "img_path": "COCO_val2014_000000391895.jpg", "sentences": ["A man. "]}]),
    "flickr30k_vilbert": as_lines([{"img_path": "36979.jpg", "id": 7, "sentences": ["A dog.", " It \n runs."]}]),
    "coco_karpathy": json.dumps(COCO_KARPATHY),
    "flickr30k_captions": "1000092795.jpg#0\tTwo young guys . \n1000092795.jpg#1\tTwo men.\n36979.jpg#0\tA dog.\n",
    "lxmert_pretraining": json.dumps(LXMERT_PRETRAINING),
    "lxmert_vqa": json.dumps(LXMERT_VQA),
    "lxmert_gqa": json.dumps(LXMERT_GQA),
    "lxmert_gqa_test": json.dumps(LXMERT_GQA),
    "lxmert_nlvr2": json.dumps(LXMERT_NLVR2, indent=1),
    "collection": as_lines(COLLECTION),
    "collection_regions": as_lines(collection_regions()),
    "coco_regions": six_columns() + six_columns("000000000009.jpg", num_boxes=1),
    "vg_regions": six_columns("150367"),
    "flickr30k_regions": six_columns("1000092795"),
    "vqa_questions": json.dumps(
        {
            "task_type": "Open-Ended",
            "questions": [
                {"question": "Is it {red}?", "question_id": 42000, "image_id": 42},
                {"image_id": 42, "question_id": 42001, "question": " What \n is it? "},
            ],
        }
    ),
    "vqa_annotations": json.dumps(
        {
            "annotations": [
                {
                    "question_id": 42000,
                    "question_type": "is it",
                    "answer_type": "yes/no",
                    "image_id": 42,
                    "answers": [{"answer": answer, "answer_id": n} for n, answer in enumerate(VQA_ANSWERS, start=1)],
                }
            ]
        }
    ),
    "gqa_questions": json.dumps(GQA_QUESTIONS, indent=1),
    "gqa_test_questions": json.dumps(GQA_QUESTIONS),
    "gqa_scene_graphs": json.dumps({"2375429": GQA_GRAPH}),
    "nlvr2": "".join(json.dumps(line) + "\n" for line in NLVR2_LINES),
    "flickr30k": json.dumps(FLICKR30K),
    "coco_image_info": json.dumps({"images": [{**COCO_IMAGES[0], "id": 1}], "categories": []}),
    "vqa_answers": json.dumps(["", "net", "yes"]),
    "gqa_answers": json.dumps(["cat food", "caf\u00e9"]),
    "coco_captions": json.dumps(
        {
            "info": {"year": 2014},
            "images": COCO_IMAGES,
            "annotations": [
                {"image_id": 9, "id": 48, "caption": "A bowl of fruit.\n"},
                {"image_id": 25, "id": 49, "caption": 'A giraffe \n by  a tree ["tall"] \\ '},
            ],
        }
    ),
    "coco_instances": json.dumps(
        {
            "images": COCO_IMAGES,
            "annotations": [
                {"image_id": 25, "category_id": 3, "bbox": [10, 20, 30.5, 40], "id": 1, "iscrowd": 0, "area": 12.0}
            ],
            "categories": [{"id": 3, "name": "giraffe", "supercategory": "animal"}],
        }
    ),
    "vg_image_data": json.dumps(
        [
            {
                "image_id": 1,
                "width": 800,
                "height": 600,
                "coco_id": None,
                "flickr_id": None,
                "url": "https://a/VG/1.jpg",
            },
            {"image_id": 2, "width": 800, "height": 600, "coco_id": -1},
            {"id": 3, "width": 640, "height": 480, "coco_id": 9, "url": None},
        ]
    ),
    "vg_region_descriptions": json.dumps(
        [
            {
                "id": 1,
                "regions": [
                    {
                        "region_id": 1382,
                        "image_id": 1,
                        "phrase": "shade is along the street ",
                        "x": 1,
                        "y": 2,
                        "width": 3,
                        "height": 4,
                    },
                    {"id": 1383, "phrase": "red car", "x": 0, "y": 0, "width": 5, "height": 5},
                ],
            }
        ]
    ),
    "vg_objects": json.dumps(
        [
            {
                "image_id": 1,
                "objects": [{"object_id": 5, "x": 1, "y": 2, "w": 3, "h": 4, "names": ["clock"], "synsets": []}],
            }
        ]
    ),
    "vg_attributes": json.dumps(
        [
            {
                "image_id": 1,
                "attributes": [
                    {
                        "object_id": 5,
                        "x": 1,
                        "y": 2,
                        "w": 3,
                        "h": 4,
                        "names": ["clock"],
                        "attributes": ["green ", "Tall"],
                    },
                    {"object_id": 6, "x": 1, "y": 2, "w": 3, "h": 4, "object_names": ["street"]},
                ],
            }
        ]
    ),
    "obj36": obj36_line() + obj36_line("2375429", num_boxes=1),
    "object_vocabulary": "yolk\nstop sign,stopsign\nbuoy",
    "attribute_vocabulary": "gray,grey\nred",
    "validation_images": "val2014/COCO_val2014_000000253964.jpg 253964\nvg:7\n",
    "test_images": "VG_100K_2/2405620.jpg xml/2405620.xml\ncoco:12\n",
    "nlvr1": json.dumps(NLVR1_EXAMPLE) + "\n",
}


PICKLED = {name: pickle.dumps(POOL) for name in ("coco_hard_negatives", "flickr30k_hard_negatives")}


@pytest.fixture
def whole_files():
    return {name: text.encode() for name, text in FILES.items()} | PICKLED


@pytest.fixture
def collection_rows():
    return COLLECTION


@pytest.fixture
def collection_region_rows():
    return collection_regions()


@pytest.fixture
def make_six_columns():
    return six_columns


@pytest.fixture
def pool():
    return POOL


@pytest.fixture
def make_obj36_line():
    return obj36_line


@pytest.fixture
def gqa_question():
    return GQA_QUESTIONS["00101448"]


@pytest.fixture
def gqa_graph():
    return GQA_GRAPH


@pytest.fixture
def nlvr1_example():
    return NLVR1_EXAMPLE


@pytest.fixture
def read_all(tmp_path):
    """(records, rejections) of a content of a source from the bytes of a file."""
    from data.sources import all_sources

    def read(name, content, contents_of_file, file_name="file"):
        path = tmp_path / file_name
        path.write_bytes(contents_of_file)
        rejections: list[Rejection] = []
        return list(all_sources()[name].reads[content](path, rejections.append)), rejections

    return read


@pytest.fixture
def shared_data():
    folder = Path(__file__).parents[3] / "../shared/data"
    if not folder.is_dir():
        pytest.skip("the publishers' files do not lie beside the checkout")
    return folder
