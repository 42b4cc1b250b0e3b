"""The world's words as its tests read them, and relations judged from boxes: written apart from what they test."""

from __future__ import annotations

from data.world.scenes import Scene, Thing

SINGULAR = (
    *("ball", "bird", "boat", "book", "bottle", "car", "cat", "chair", "clock", "cup"),
    *("dog", "fish", "flower", "hat", "house", "kite", "lamp", "train", "tree", "umbrella"),
)
SYNONYMS = {"ship": "boat", "kitten": "cat", "puppy": "dog", "mug": "cup"}
NOUNS = {
    **{kind: (kind, 1) for kind in SINGULAR},
    **{f"{kind}s": (kind, 2) for kind in SINGULAR},
    **{word: (kind, 1) for word, kind in SYNONYMS.items()},
    **{f"{word}s": (kind, 2) for word, kind in SYNONYMS.items()},
    "puppies": ("dog", 2),
}
RELATIONS = {
    "on": "on", "on top of": "on", "to the left of": "left", "left of": "left", "to the right of": "right",
    "right of": "right", "above": "above", "over": "above", "below": "below", "under": "below", "near": "near",
    "next to": "near", "beside": "near", "by": "near",
}  # fmt: skip


def holds(relation: str, scene: Scene, first: int, second: int) -> bool:
    """A relation judged from the two boxes alone."""
    a, b = scene.things[first], scene.things[second]
    dx, dy = a.centre[0] - b.centre[0], a.centre[1] - b.centre[1]
    return {
        "on": abs(a.box[3] - b.box[1]) <= 2 and a.box[0] < b.box[2] and b.box[0] < a.box[2],
        "left": dx <= -18 and abs(dx) > abs(dy),
        "right": dx >= 18 and abs(dx) > abs(dy),
        "above": dy <= -18,
        "below": dy >= 18 or (abs(b.box[3] - a.box[1]) <= 2 and dy > 0),
        "near": _gap(a, b) <= 12,
    }[relation]


def _gap(a: Thing, b: Thing) -> int:
    return max(max(a.box[0], b.box[0]) - min(a.box[2], b.box[2]), max(a.box[1], b.box[1]) - min(a.box[3], b.box[3]))
