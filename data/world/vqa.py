"""VQA v2's files of the generated world (https://visualqa.org/vqa_v2_json_formats.html)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data.world.balance import Balance
from data.world.kinds import COLOURS, KINDS, MATERIALS, PATTERNS, SIZE_WORDS, SIZES, THEMES
from data.world.language import NUMBERS, choose
from data.world.plan import PlannedImage
from data.world.scenes import generator, make_scene
from data.world.wordings import say, vary

NUM_ANSWERS = 10
_UNPUBLISHED_RATE = 0.05  # of the held-out questions whose answers are kept back, as a challenge split's are
_HEAD = {
    "info": {"description": "generated world", "url": "", "version": "2.0", "year": 2017, "contributor": ""},
    "license": {"name": "Apache License 2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    "data_type": "mscoco",
}
_WORDINGS: Mapping[str, tuple[str, ...]] = {  # begun such that VQA's question types tell the templates apart
    "colour": ("what color is the {0.one}?", "what is the color of the {0.one}?"),
    "pattern": ("what kind of pattern does the {0.one} have?", "what type of pattern does the {0.one} have?"),
    "size": ("how large is the {0.one}?", "how big is the {0.one}?"),
    "support": ("where is the {0.one}?",),
    "existence": ("is there a {0.one}?", "are there any {0.many}?"),
    "is colour": ("is the {0.one} {1}?", "is this {0.one} {1}?"),
    "count": ("how many things are there?", "how many things do you see?"),
    "count of kind": ("how many {0.many} are there?", "how many {0.many} do you see?"),
    "count of colour": ("how many things are {0}?", "how many {0} things are there?"),
    "related": ("what is {0} the {1.one}?",),
    "thing of colour": ("what is the {0} thing?", "which thing is {0}?"),
    "thing of pattern": ("what is the {0} thing?", "which thing is {0}?"),
    "place": ("what place is this?", "what place do you see?"),
    "ground": ("what color is the ground?", "what is the color of the ground?"),
}
_WEIGHTS: Mapping[str, float] = {
    **{"colour": 3, "existence": 2, "is colour": 3, "related": 2, "thing of colour": 2, "thing of pattern": 1},
    **{"pattern": 1, "size": 1, "support": 1, "count": 0.5, "count of kind": 1, "count of colour": 1},
    **{"place": 1, "ground": 0.5},
}
_QUESTION_TYPES = (  # VQA's own: how questions begin, the longer ones first
    *("what is the color of the", "what color is the", "what kind of", "what type of", "are there any", "is there a"),
    *("is there", "what is the", "where is the", "how many", "what is", "is this", "is the", "which", "what", "how"),
)
_FAMILIES: Sequence[Sequence[str]] = (
    *(("yes", "no"), ("0", "1", "2", "3"), tuple(KINDS), (*COLOURS, "gray", "brown"), PATTERNS),
    *(tuple(SIZES), tuple(THEMES), tuple(MATERIALS)),
)
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    **{name: tuple(one for one, _ in kind.names[1:]) for name, kind in KINDS.items()},
    **{str(number): (name,) for number, name in NUMBERS.items()},
    **{size: words[1:] for size, words in SIZE_WORDS.items()},
    **{"gray": ("grey",), "purple": ("violet",), "plain": ("no pattern",), "0": ("none",), "park": ("meadow",)},
}
_HEDGES = ("maybe", "not sure", "can't tell")
_NUM_AGREEING = (10, 10, 10, 9, 9, 8, 8, 7, 6, 5, 4, 3)  # of ten people, each as often
_MOST_OTHERS = 2  # people who give the same other answer: always fewer than those who agree


def write_questions(images: Sequence[PlannedImage], seed: int, *, split: str, num_questions: int, into: Path) -> None:
    """`v2_OpenEnded_mscoco_<split>_questions.json` and `v2_mscoco_<split>_annotations.json` of COCO's among these."""
    balance = Balance(_WEIGHTS)
    questions: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image in images:
        if image.coco_id is None:
            continue
        random = generator(seed, image.number, "vqa")
        for k, fact in enumerate(balance.choose(make_scene(seed, image.number), random, num_questions=num_questions)):
            text = say(choose(_WORDINGS[fact.template], random), [vary(slot, random) for slot in fact.slots])
            ids = {"image_id": image.coco_id, "question_id": 1000 * image.coco_id + k}
            questions.append({**ids, "question": text})
            annotation = {**ids, **_annotation(text, fact.answer, random)}
            if image.split == "train" or random.random() >= _UNPUBLISHED_RATE:
                annotations.append(annotation)
    head = {**_HEAD, "data_subtype": split}
    asked = {**head, "task_type": "Open-Ended", "questions": questions}
    (into / f"v2_OpenEnded_mscoco_{split}_questions.json").write_text(json.dumps(asked), "utf-8")
    answered = {**head, "annotations": annotations}
    (into / f"v2_mscoco_{split}_annotations.json").write_text(json.dumps(answered), "utf-8")


def _annotation(question: str, truth: str, random: np.random.Generator) -> dict[str, Any]:
    """All that is published of a question but its ids; the most frequent of the ten answers is the truth."""
    answers = ten_answers(truth, random)
    assert Counter(answers).most_common(1)[0][0] == truth
    return {
        "question_type": _question_type(question),
        "answer_type": _answer_type(truth),
        "multiple_choice_answer": truth,
        "answers": [
            {"answer": answer, "answer_confidence": _confidence(answer == truth, random), "answer_id": i}
            for i, answer in enumerate(answers, 1)
        ],
    }


def ten_answers(truth: str, random: np.random.Generator) -> list[str]:
    """What ten people say: most of them the truth, the others synonyms, something wrong, or that they do not know."""
    num_agreeing = _NUM_AGREEING[random.integers(len(_NUM_AGREEING))]
    wrong = [answer for answer in next(f for f in _FAMILIES if truth in f) if answer != truth]
    synonyms = list(_SYNONYMS.get(truth, ()))
    weights = [*[6.0] * len(synonyms), *[3.0 / len(wrong)] * len(wrong), *[0.5] * len(_HEDGES)]
    pool = _MOST_OTHERS * [*synonyms, *wrong, *_HEDGES]
    shares = np.asarray(_MOST_OTHERS * weights)
    others = random.choice(len(pool), NUM_ANSWERS - num_agreeing, replace=False, p=shares / shares.sum())
    answers = [truth] * num_agreeing + [pool[i] for i in others]
    return [answers[i] for i in random.permutation(NUM_ANSWERS)]


def _question_type(question: str) -> str:
    return next(words for words in _QUESTION_TYPES if question.lower().startswith(f"{words} "))


def _answer_type(answer: str) -> str:
    if answer in ("yes", "no"):
        return "yes/no"
    return "number" if answer.isdigit() else "other"


def _confidence(agrees: bool, random: np.random.Generator) -> str:
    draw = random.random()
    if draw < (0.9 if agrees else 0.4):
        return "yes"
    return "maybe" if draw < 0.95 else "no"
