"""Files that ask about images, and lists of possible answers."""

import json

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

MNLI_COLUMNS = ("index", "promptID", "genre", "sentence1_parse", "sentence1", "sentence2", "label1", "gold_label")
STSB_COLUMNS = ("index", "genre", "filename", "sentence1", "sentence2", "score")


def as_table(columns, *rows):
    """Rows of tab-separated values below the names of their columns."""
    return "".join("\t".join(row) + "\n" for row in (columns, *rows))


FILES = {
    "sst2": as_table(("sentence", "label"), ('a "very" good film ', "1"), ("dull", "0")),
    "mnli": as_table(
        MNLI_COLUMNS,
        ("0", "7", "fiction", "( A dog )", "A dog barks.", "It is quiet.", "neutral", "contradiction"),
        ("1", "7", "travel", "", "A dog barks.", "It is loud.", "entailment", "entailment"),
    ),
    "stsb": as_table(
        STSB_COLUMNS,
        ("0", "main-news", "headlines", "A plane lands.", "A plane has landed.", "4.500"),
        ("1", "main-forums", "answers", "A plane.", "A cat.", "0.000"),
    ),
    "image_class_list": "COCO_val2014_000000000042.jpg\tred\r\nbirds:17\twren  tit\n",
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
    "vqa_answers": json.dumps(["", "net", "yes"]),
    "gqa_questions": json.dumps(GQA_QUESTIONS, indent=1),
    "gqa_test_questions": json.dumps(GQA_QUESTIONS),
    "gqa_scene_graphs": json.dumps({"2375429": GQA_GRAPH}),
    "gqa_answers": json.dumps(["cat food", "caf\u00e9"]),
    "nlvr2": "".join(json.dumps(line) + "\n" for line in NLVR2_LINES),
    "lxmert_pretraining": json.dumps(LXMERT_PRETRAINING),
    "lxmert_vqa": json.dumps(LXMERT_VQA),
    "lxmert_gqa": json.dumps(LXMERT_GQA),
    "lxmert_gqa_test": json.dumps(LXMERT_GQA),
    "lxmert_nlvr2": json.dumps(LXMERT_NLVR2, indent=1),
}
