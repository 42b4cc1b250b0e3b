"""GQA's questions and scene graphs of the generated world (https://cs.stanford.edu/people/dorarad/gqa/download.html)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.world.balance import Balance
from data.world.facts import Fact
from data.world.kinds import KINDS
from data.world.language import choose
from data.world.plan import PlannedImage
from data.world.scenes import SIDE_PX, Scene, generator, make_scene
from data.world.visual_genome import said_of
from data.world.wordings import Word, label, say

_MAX_QUESTIONS = 100  # of an image: what its question ids leave room for
_RELATIONS: Mapping[str, str] = {
    **{"left": "to the left of", "right": "to the right of", "above": "above", "below": "below"},
    **{"on": "on", "near": "near"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Form:
    """How GQA asks one of the templates of `facts`.

    `{0}`, `{1}` ... are the fact's slots, `{ids[0]}` ... its things' ids ("-" for one that is not there). `said` is the
    whole answer, `denied` that of a no. `types` are GQA's structural, semantic and detailed ones; a step of the
    `program` is an operation, its argument, and the steps whose results it takes.
    """

    wordings: tuple[str, ...]
    said: str
    denied: str = ""
    types: tuple[str, str, str]
    program: tuple[tuple[str, str, tuple[int, ...]], ...]
    topic: str | None = None  # what an open question asks for


_FORMS: Mapping[str, _Form] = {
    "colour": _Form(
        wordings=("what color is the {0.one}?", "which color is the {0.one}?"),
        said="the {0.one} is {answer}.",
        types=("query", "attr", "directWhich"),
        program=(("select", "{0.one} ({ids[0]})", ()), ("query", "color", (0,))),
        topic="color",
    ),
    "size": _Form(
        wordings=("how big is the {0.one}?", "what size is the {0.one}?"),
        said="the {0.one} is {answer}.",
        types=("query", "attr", "how"),
        program=(("select", "{0.one} ({ids[0]})", ()), ("query", "size", (0,))),
        topic="size",
    ),
    "existence": _Form(
        wordings=("is there a {0.one}?", "are there any {0.many}?"),
        said="yes, there is a {0.one}.",
        denied="no, there are no {0.many}.",
        types=("verify", "obj", "exist"),
        program=(("select", "{0.one} ({ids[0]})", ()), ("exist", "?", (0,))),
    ),
    "is colour": _Form(
        wordings=("is the {0.one} {1}?", "does the {0.one} look {1}?"),
        said="yes, the {0.one} is {1}.",
        denied="no, the {0.one} is not {1}.",
        types=("verify", "attr", "verifyAttr"),
        program=(("select", "{0.one} ({ids[0]})", ()), ("verify color", "{1}", (0,))),
    ),
    "is related": _Form(
        wordings=("is the {0.one} {1} the {2.one}?",),
        said="yes, the {0.one} is {1} the {2.one}.",
        denied="no, the {0.one} is not {1} the {2.one}.",
        types=("verify", "rel", "relVerify"),
        program=(("select", "{0.one} ({ids[0]})", ()), ("verify rel", "{2.one},{1},o ({ids[1]})", (0,))),
    ),
    "either": _Form(
        wordings=("is there a {0.one} or a {1.one}?", "are there any {0.many} or {1.many}?"),
        said="yes, there is one of them.",
        denied="no, there are no {0.many} or {1.many}.",
        types=("logical", "obj", "existOr"),
        program=(
            *(("select", "{0.one} ({ids[0]})", ()), ("exist", "?", (0,))),
            *(("select", "{1.one} ({ids[1]})", ()), ("exist", "?", (2,)), ("or", "", (1, 3))),
        ),
    ),
    "both": _Form(
        wordings=("are there both a {0.one} and a {1.one}?", "are there {0.many} and {1.many}?"),
        said="yes, there are both a {0.one} and a {1.one}.",
        denied="no, only one of them is there.",
        types=("logical", "obj", "existAnd"),
        program=(
            *(("select", "{0.one} ({ids[0]})", ()), ("exist", "?", (0,))),
            *(("select", "{1.one} ({ids[1]})", ()), ("exist", "?", (2,)), ("and", "", (1, 3))),
        ),
    ),
    "same colour": _Form(
        wordings=(
            "do the {0.one} and the {1.one} have the same color?",
            "is the {0.one} the same color as the {1.one}?",
        ),
        said="yes, the {0.one} and the {1.one} have the same color.",
        denied="no, the {0.one} and the {1.one} have different colors.",
        types=("compare", "attr", "twoSame"),
        program=(
            *(("select", "{0.one} ({ids[0]})", ()), ("select", "{1.one} ({ids[1]})", ())),
            ("same color", "", (0, 1)),
        ),
    ),
    "which colour": _Form(
        wordings=("is the {0.one} {1} or {2}?",),
        said="the {0.one} is {answer}.",
        types=("choose", "attr", "chooseAttr"),
        program=(("select", "{0.one} ({ids[0]})", ()), ("choose color", "{1}|{2}", (0,))),
    ),
    "which side": _Form(
        wordings=("is the {0.one} to the left or to the right of the {1.one}?",),
        said="the {0.one} is to the {answer} of the {1.one}.",
        types=("choose", "rel", "relChooser"),
        program=(
            ("select", "{1.one} ({ids[1]})", ()),
            ("choose rel", "{0.one},to the left of|to the right of,s ({ids[0]})", (0,)),
        ),
    ),
    "related": _Form(
        wordings=("what is {0} the {1.one}?", "which thing is {0} the {1.one}?"),
        said="the {answer} is {0} the {1.one}.",
        types=("query", "rel", "relS"),
        program=(("select", "{1.one} ({ids[0]})", ()), ("relate", "_,{0},s ({ids[1]})", (0,)), ("query", "name", (1,))),
        topic="thing",
    ),
    "thing of colour": _Form(
        wordings=("what is the {0} thing?", "what is the thing that is {0}?"),
        said="the {0} thing is a {answer}.",
        types=("query", "cat", "categoryAttr"),
        program=(("select", "thing ({ids[0]})", ()), ("filter color", "{0}", (0,)), ("query", "name", (1,))),
        topic="thing",
    ),
    "place": _Form(
        wordings=("what place is this?", "which place is it?"),
        said="it is a {answer}.",
        types=("query", "global", "place"),
        program=(("select", "scene", ()), ("query", "place", (0,))),
        topic="place",
    ),
}
_WEIGHTS: Mapping[str, float] = {
    **{"colour": 3, "size": 0.5, "existence": 2, "is colour": 2, "is related": 1, "either": 1, "both": 1},
    **{"same colour": 1, "which colour": 2, "which side": 1, "related": 2, "thing of colour": 3, "place": 1},
}


def write_questions(images: Sequence[PlannedImage], seed: int, *, num_questions: int, path: Path) -> None:
    """One file of questions about images that Visual Genome knows."""
    balance = Balance(_WEIGHTS)
    questions: dict[str, dict[str, Any]] = {}
    for image in images:
        random = generator(seed, image.number, "gqa")
        asked = balance.choose(make_scene(seed, image.number), random, num_questions=num_questions)
        for k, fact in enumerate(asked):
            question_id = f"{_MAX_QUESTIONS * image.number + k:08d}"
            wording = choose(_FORMS[fact.template].wordings, random)
            questions[question_id] = _question(image, fact, wording, question_id)
    path.write_text(json.dumps(questions), "utf-8")


def _question(image: PlannedImage, fact: Fact, wording: str, question_id: str) -> dict[str, Any]:
    form = _FORMS[fact.template]
    words = [_word(slot) for slot in fact.slots]
    question = say(wording, words)
    full_answer = say(form.denied if fact.answer == "no" else form.said, words, answer=fact.answer)
    ids = ["-" if thing is None else str(image.object_id(thing)) for thing in fact.things]
    program = [
        (operation, argument.format(*words, ids=ids), list(taken)) for operation, argument, taken in form.program
    ]
    nouns = dict(zip(filter(KINDS.get, fact.slots), ids, strict=False))
    return {
        "imageId": str(image.vg_id),
        "question": question,
        "answer": fact.answer,
        "fullAnswer": full_answer,
        "isBalanced": True,
        "groups": {"global": form.topic, "local": "-".join([form.types[2], "_".join(fact.slots)])},
        "entailed": [],
        "equivalent": [question_id],
        "types": dict(zip(("structural", "semantic", "detailed"), form.types, strict=True)),
        "semantic": [{"operation": o, "argument": a, "dependencies": taken} for o, a, taken in program],
        "semanticStr": "->".join(f"{o}: {a}{f' {taken}' if taken else ''}" for o, a, taken in program),
        "annotations": {
            "answer": {"0": ids[-1]} if fact.answer in KINDS else {},
            "question": _mentions(question, nouns),
            "fullAnswer": _mentions(full_answer, nouns),
        },
    }


def _word(slot: str) -> Word:
    """GQA's language says labels, never synonyms."""
    return label(slot) if slot in KINDS else _RELATIONS.get(slot, slot)


def _mentions(text: str, ids: Mapping[str, str]) -> dict[str, str]:
    """The object that each noun of a text means, by the place of the word."""
    words = re.findall("[a-z]+", text.lower())
    return {str(words.index(noun)): i for noun, i in ids.items() if noun in words and i != "-"}


def write_scene_graphs(images: Sequence[PlannedImage], seed: int, *, path: Path) -> None:
    """What stands where in each image, and how it lies to all else."""
    graphs = {str(image.vg_id): _graph(image, make_scene(seed, image.number)) for image in images}
    path.write_text(json.dumps(graphs), "utf-8")


def _graph(image: PlannedImage, scene: Scene) -> dict[str, Any]:
    objects = {str(image.object_id(i)): _object(image, scene, i) for i in range(len(scene.things))}
    return {"width": SIDE_PX, "height": SIDE_PX, "location": scene.theme, "objects": objects}


def _object(image: PlannedImage, scene: Scene, index: int) -> dict[str, Any]:
    thing = scene.things[index]
    x1, y1, x2, y2 = thing.box
    relations = [
        {"object": str(image.object_id(other)), "name": _RELATIONS[relation]}
        for other in range(len(scene.things))
        if other != index
        for relation in scene.relations(index, other)
    ]
    sides = {"x": x1, "y": y1, "w": x2 - x1, "h": y2 - y1}
    return {"name": thing.kind, **sides, "attributes": said_of(thing), "relations": relations}
