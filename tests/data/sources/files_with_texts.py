"""Files that list images and say something of them: captions, phrases, labelled boxes, splits."""

import json

COCO_IMAGES = [
    {"id": 9, "file_name": "COCO_train2014_000000000009.jpg", "width": 640, "height": 480, "license": 3},
    {"id": 25, "file_name": "COCO_train2014_000000000025.jpg", "width": 500, "height": 375, "license": 3},
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


def as_lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


FILES = {
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
    "coco_image_info": json.dumps({"images": [{**COCO_IMAGES[0], "id": 1}], "categories": []}),
    "coco_karpathy": json.dumps(COCO_KARPATHY),
    "coco_vilbert": as_lines([{"id": 391895, "img_path": "COCO_val2014_000000391895.jpg", "sentences": ["A man. "]}]),
    "flickr30k": json.dumps(FLICKR30K),
    "flickr30k_captions": "1000092795.jpg#0\tTwo young guys . \n1000092795.jpg#1\tTwo men.\n36979.jpg#0\tA dog.\n",
    "flickr30k_vilbert": as_lines([{"img_path": "36979.jpg", "id": 7, "sentences": ["A dog.", " It \n runs."]}]),
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
    "nlvr1": json.dumps(NLVR1_EXAMPLE) + "\n",
    "collection": as_lines(COLLECTION),
    "validation_images": "val2014/COCO_val2014_000000253964.jpg 253964\nvg:7\n",
    "test_images": "VG_100K_2/2405620.jpg xml/2405620.xml\ncoco:12\n",
}
