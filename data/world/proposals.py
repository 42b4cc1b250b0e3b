"""What a detector would propose for a scene: jittered boxes of its things, background, labels that are sometimes wrong.

Legend: R the 36 regions of one image, in descending order of confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.schema import NUM_REGIONS
from data.world.kinds import ATTRIBUTE_LABELS, MATERIALS, OBJECT_LABELS, THEMES
from data.world.scenes import SIDE_PX, Scene, Thing, generator

BACKGROUND = -1
_JITTER_RATE = 0.08  # of the box's side, standard deviation
_WRONG_RATE = 0.05
_MAX_TRIES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposals:
    """36 boxes x1, y1, x2, y2 in pixels, with ids into the label lists, confidences, and the thing each shows or -1."""

    boxes_R4: NDArray[np.float32]
    object_ids_R: NDArray[np.int64]
    object_conf_R: NDArray[np.float32]
    attribute_ids_R: NDArray[np.int64]
    attribute_conf_R: NDArray[np.float32]
    things_R: NDArray[np.int64]


def propose(scene: Scene, seed: int) -> Proposals:
    """The proposals for a scene: six to ten of each thing, the rest background."""
    random = generator(seed, scene.number, "proposals")
    counts = random.integers(6, 11, len(scene.things))
    things_R = np.repeat(np.arange(len(scene.things)), counts)
    things_R = np.concatenate([things_R, np.full(NUM_REGIONS - len(things_R), BACKGROUND)])
    found = [_propose_one(scene, int(thing), random) for thing in things_R]
    order_R = sorted(range(NUM_REGIONS), key=lambda i: -found[i].object_conf)
    return Proposals(
        boxes_R4=np.asarray([found[i].box for i in order_R], dtype=np.float32),
        object_ids_R=np.asarray([found[i].object_id for i in order_R], dtype=np.int64),
        object_conf_R=np.asarray([found[i].object_conf for i in order_R], dtype=np.float32),
        attribute_ids_R=np.asarray([found[i].attribute_id for i in order_R], dtype=np.int64),
        attribute_conf_R=np.asarray([found[i].attribute_conf for i in order_R], dtype=np.float32),
        things_R=things_R[order_R],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Proposal:
    box: tuple[float, ...]
    object_id: int
    object_conf: float
    attribute_id: int
    attribute_conf: float


def _propose_one(scene: Scene, thing: int, random: np.random.Generator) -> _Proposal:
    if thing == BACKGROUND:
        box = _background_box(scene, random)
        theme = THEMES[scene.theme]
        label = theme.lower if (box[1] + box[3]) / 2 >= scene.horizon_px else theme.upper
        attribute, sureness = MATERIALS[label].colour, random.uniform(0.55, 0.85)
    else:
        box = _jitter(scene.things[thing].box, random)
        label, attribute = scene.things[thing].kind, _attribute(scene.things[thing], random)
        sureness = 0.95 - 0.8 * (1 - overlap_rate(box, scene.things[thing].box))
    object_id, object_conf = _decide(OBJECT_LABELS, label, sureness, random)
    attribute_id, attribute_conf = _decide(ATTRIBUTE_LABELS, attribute, sureness, random)
    return _Proposal(
        box=box, object_id=object_id, object_conf=object_conf, attribute_id=attribute_id, attribute_conf=attribute_conf
    )


def _decide(labels: tuple[str, ...], truth: str, sureness: float, random: np.random.Generator) -> tuple[int, float]:
    """The label's id, wrong in one of twenty cases and then less sure, and the confidence to three decimals."""
    is_wrong = random.random() < _WRONG_RATE
    label_id = int(random.integers(len(labels))) if is_wrong else labels.index(truth)
    confidence = sureness - 0.25 * is_wrong + random.normal(0, 0.1)
    return label_id, round(float(np.clip(confidence, 0.2, 0.99)), 3)


def _attribute(thing: Thing, random: np.random.Generator) -> str:
    """The colour; of some patterned things the pattern; rarely the size."""
    draw = random.random()
    if draw < 0.3 and thing.pattern != "plain":
        return thing.pattern
    return thing.size if draw > 0.95 else thing.colour


def _jitter(box: tuple[int, ...], random: np.random.Generator) -> tuple[float, ...]:
    sides = np.asarray([box[2] - box[0], box[3] - box[1]] * 2)
    moved = np.asarray(box) + np.clip(random.normal(0, _JITTER_RATE, 4), -0.2, 0.2) * sides
    return tuple(float(x) for x in np.clip(moved, 0, SIDE_PX).round(2))


def _background_box(scene: Scene, random: np.random.Generator) -> tuple[float, ...]:
    """A box that shows little of any thing: the best of twenty tries."""
    boxes = []
    for _ in range(_MAX_TRIES):
        width, height = random.integers(16, 57, 2)
        left, top = random.integers(0, SIDE_PX - width), random.integers(0, SIDE_PX - height)
        box = (float(left), float(top), float(left + width), float(top + height))
        boxes.append((max(_cover_rate(box, thing.box) for thing in scene.things), box))
        if boxes[-1][0] == 0:
            break
    return min(boxes)[1]


def overlap_rate(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    common = _intersection(first, second)
    return common / (_area(first) + _area(second) - common)


def _cover_rate(box: tuple[float, ...], thing: tuple[float, ...]) -> float:
    return _intersection(box, thing) / _area(box)


def _intersection(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)


def _area(box: tuple[float, ...]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
