"""What the generated world is made of: kinds of things, what they do, colours, materials and places.

Every word that the language uses for them stands here; the label is the word that detectors and annotators use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data.world.verbs import FLOAT, FLY, GROW, HANG, LIE, LIGHT, PARK, SHADE, SIT, STAND, SWIM, Verb

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of thing. `verb` is what it does on solid ground; `names` are (singular, plural), the label's first."""

    names: tuple[tuple[str, str], ...]
    verb: Verb
    alive: bool = False  # it can watch other things
    holds: bool = False  # other things can stand on it
    climbs: bool = False  # it can stand on other things
    part: str | None = None  # a part or effect that phrases name: "the face of a clock"
    effect: Verb | None = None  # what it does to things near it
    supercategory: str = "thing"


@dataclass(frozen=True, kw_only=True)
class Material:
    """What the background is made of: its colour, the preposition of being there, and what it makes things do."""

    rgb: Colour
    colour: str
    preposition: str
    verb: Verb | None = None


@dataclass(frozen=True, kw_only=True)
class Theme:
    """A place: materials above and below the horizon, and the kinds to be met there."""

    places: tuple[str, ...]  # its names, said with `preposition`
    preposition: str
    upper: str
    lower: str
    upper_kinds: tuple[str, ...]
    likely: tuple[str, ...]  # four times as likely as other kinds
    only_likely: bool = False


KINDS: Mapping[str, Kind] = {
    "ball": Kind(names=(("ball", "balls"),), verb=LIE, climbs=True, supercategory="toy"),
    "bird": Kind(names=(("bird", "birds"),), verb=SIT, alive=True, climbs=True, supercategory="animal"),
    "boat": Kind(names=(("boat", "boats"), ("ship", "ships")), verb=LIE, supercategory="vehicle"),
    "book": Kind(names=(("book", "books"),), verb=LIE, climbs=True),
    "bottle": Kind(names=(("bottle", "bottles"),), verb=STAND, climbs=True),
    "car": Kind(names=(("car", "cars"),), verb=PARK, holds=True, supercategory="vehicle"),
    "cat": Kind(names=(("cat", "cats"), ("kitten", "kittens")), verb=SIT, alive=True, climbs=True, part="face"),
    "chair": Kind(names=(("chair", "chairs"),), verb=STAND, holds=True),
    "clock": Kind(names=(("clock", "clocks"), ("watch", "watches")), verb=LIE, climbs=True, part="face"),
    "cup": Kind(names=(("cup", "cups"), ("mug", "mugs")), verb=STAND, climbs=True),
    "dog": Kind(names=(("dog", "dogs"), ("puppy", "puppies")), verb=STAND, alive=True, supercategory="animal"),
    "fish": Kind(names=(("fish", "fish"),), verb=LIE, alive=True, supercategory="animal"),
    "flower": Kind(names=(("flower", "flowers"),), verb=GROW, supercategory="plant"),
    "hat": Kind(names=(("hat", "hats"),), verb=LIE, climbs=True),
    "house": Kind(names=(("house", "houses"),), verb=STAND, holds=True, part="shade", effect=SHADE),
    "kite": Kind(names=(("kite", "kites"),), verb=LIE, supercategory="toy"),
    "lamp": Kind(names=(("lamp", "lamps"),), verb=STAND, part="light", effect=LIGHT),
    "train": Kind(names=(("train", "trains"),), verb=STAND, holds=True, supercategory="vehicle"),
    "tree": Kind(names=(("tree", "trees"),), verb=GROW, part="shade", effect=SHADE, supercategory="plant"),
    "umbrella": Kind(names=(("umbrella", "umbrellas"),), verb=LIE, part="shade", effect=SHADE),
}

COLOURS: Mapping[str, Colour] = {
    "red": (214, 40, 40),
    "yellow": (245, 205, 40),
    "green": (30, 160, 60),
    "blue": (35, 85, 210),
    "purple": (150, 60, 180),
    "white": (244, 244, 244),
}
PATTERNS = ("plain", "striped", "spotted")
SIZES: Mapping[str, tuple[int, int]] = {"small": (19, 24), "large": (32, 42)}  # px of the longer side, both included
SIZE_WORDS: Mapping[str, tuple[str, ...]] = {"small": ("small", "little"), "large": ("large", "big")}

MATERIALS: Mapping[str, Material] = {
    "carpet": Material(rgb=(150, 105, 90), colour="brown", preposition="on"),
    "grass": Material(rgb=(118, 168, 84), colour="green", preposition="on"),
    "road": Material(rgb=(112, 112, 116), colour="gray", preposition="on"),
    "sand": Material(rgb=(214, 190, 140), colour="brown", preposition="on"),
    "sky": Material(rgb=(160, 205, 240), colour="blue", preposition="in", verb=FLY),
    "snow": Material(rgb=(226, 232, 238), colour="white", preposition="on"),
    "wall": Material(rgb=(196, 150, 126), colour="brown", preposition="on", verb=HANG),
    "water": Material(rgb=(84, 140, 178), colour="blue", preposition="in", verb=FLOAT),
}
SWIMMERS: Mapping[str, Verb] = {"fish": SWIM}  # what does not float in water

THEMES: Mapping[str, Theme] = {
    "park": Theme(
        places=("park", "meadow"),
        preposition="in",
        upper="sky",
        lower="grass",
        upper_kinds=("bird", "kite"),
        likely=("ball", "dog", "flower", "tree", "kite"),
    ),
    "beach": Theme(
        places=("beach",),
        preposition="at",
        upper="water",
        lower="sand",
        upper_kinds=("boat", "fish"),
        likely=("ball", "umbrella", "hat", "fish"),
    ),
    "lake": Theme(
        places=("lake",),
        preposition="at",
        upper="sky",
        lower="water",
        upper_kinds=("bird", "kite"),
        likely=("boat", "fish", "bird", "ball", "bottle", "hat"),
        only_likely=True,
    ),
    "street": Theme(
        places=("street",),
        preposition="in",
        upper="wall",
        lower="road",
        upper_kinds=("clock", "lamp"),
        likely=("car", "train", "house", "cat"),
    ),
    "hill": Theme(
        places=("hill",),
        preposition="on",
        upper="sky",
        lower="snow",
        upper_kinds=("bird", "kite"),
        likely=("house", "tree", "dog", "train"),
    ),
    "room": Theme(
        places=("room",),
        preposition="in",
        upper="wall",
        lower="carpet",
        upper_kinds=("clock", "lamp", "hat"),
        likely=("book", "bottle", "chair", "cup", "lamp", "cat"),
    ),
}

OBJECT_LABELS: tuple[str, ...] = tuple(sorted([*KINDS, *MATERIALS]))
ATTRIBUTE_LABELS: tuple[str, ...] = (*COLOURS, "gray", "brown", "striped", "spotted", "small", "large")
ALIASES: Mapping[str, str] = {
    "boat": "ship",
    "cup": "mug",
    "gray": "grey",
    "large": "big",
}  # on the vocabularies' lines
