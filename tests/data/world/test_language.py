"""What the world's texts say is true: an independent reader takes them apart and looks at the scene's boxes.

The reader knows nouns, adjectives, numbers, relations and places, and never how a sentence was made.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import permutations

import pytest

from data.world.captions import MAX_WORDS, captions
from data.world.kinds import THEMES
from data.world.phrases import region_phrases
from data.world.scenes import Scene, Thing, generator, make_scene
from tests.data.world.lexicon import NOUNS, RELATIONS, holds

NUM_SCENES = 150
CLOCKS = {"watch": ("clock", 1), "watches": ("clock", 2)}  # verbs where a noun comes before
ADJECTIVES = {
    **{word: ("colour", word) for word in ["red", "yellow", "green", "blue", "purple", "white"]},
    **{word: ("pattern", word) for word in ["striped", "spotted"]},
    **{"small": ("size", "small"), "little": ("size", "small"), "large": ("size", "large"), "big": ("size", "large")},
}
NUMBERS = {"two": 2, "three": 3}
PLACES = {name: name for name in ("park", "beach", "lake", "street", "hill", "room")} | {"meadow": "park"}
MATERIALS = {"carpet", "grass", "road", "sand", "sky", "snow", "wall", "water"}


@dataclass(frozen=True)
class Mention:
    """A noun phrase: how many of what, and the words between it and the noun phrase before."""

    number: int
    kind: str
    adjectives: tuple[tuple[str, str], ...]
    lead: str


def mentions(text: str) -> tuple[list[Mention], str]:
    """The noun phrases for things in a sentence, in order, and the words after the last one."""
    found: list[Mention] = []
    lead: list[str] = []
    adjectives: list[tuple[str, str]] = []
    number, follows_noun = 1, False
    for word in re.findall("[a-z]+", text.lower()):
        noun = NOUNS.get(word) or (None if follows_noun else CLOCKS.get(word))
        follows_noun = noun is not None
        if noun is not None:
            found.append(Mention(number, noun[0], tuple(adjectives), " ".join(lead)))
            lead, adjectives, number = [], [], 1
        elif word in ADJECTIVES:
            adjectives.append(ADJECTIVES[word])
        elif word in NUMBERS:
            number = NUMBERS[word]
        elif word not in ("a", "an"):
            lead.append(word)
    return found, " ".join(lead)


def is_true(text: str, scene: Scene) -> bool:
    """Whether some choice of things bears out every noun phrase, and the first one every relation, place and ground."""
    found, tail = mentions(text)
    if not found:
        return _is_about_place(text, scene)
    slots = [i for i, mention in enumerate(found) for _ in range(mention.number)]
    if len(slots) > len(scene.things):
        return False
    return any(
        all(_fits(found[slot], scene, thing) for slot, thing in zip(slots, chosen, strict=True))
        and _relations_hold(found, tail, scene, {slot: chosen[slots.index(slot)] for slot in set(slots)})
        for chosen in permutations(range(len(scene.things)), len(slots))
    )


def _fits(mention: Mention, scene: Scene, index: int) -> bool:
    thing = scene.things[index]
    return thing.kind == mention.kind and all(getattr(thing, name) == value for name, value in mention.adjectives)


def _relations_hold(found: list[Mention], tail: str, scene: Scene, chosen: dict[int, int]) -> bool:
    subject = scene.things[chosen[0]]
    said = [(_relation_at_end(mention.lead), chosen[i]) for i, mention in enumerate(found) if i > 0]
    rest = " ".join([*(mention.lead for mention in found), tail])
    words, places = set(rest.split()), set(re.findall("the ([a-z]+)", rest))  # without "the", "park" is a verb
    return (
        all(relation is None or holds(relation, scene, chosen[0], other) for relation, other in said)
        and all(subject.material == material and subject.stands_on is None for material in words & MATERIALS)
        and all(PLACES[place] == scene.theme for place in places & set(PLACES))
    )


def _relation_at_end(lead: str) -> str | None:
    matches = [words for words in RELATIONS if lead == words or lead.endswith(f" {words}")]
    return RELATIONS[max(matches, key=len)] if matches else None


def _is_about_place(text: str, scene: Scene) -> bool:
    """Whether a phrase without things names only materials that the scene's theme has."""
    theme = THEMES[scene.theme]
    return set(text.split()) & MATERIALS <= {theme.upper, theme.lower}


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [make_scene(5, number) for number in range(NUM_SCENES)]


def thing(kind: str, colour: str, box: tuple[int, int, int, int], *, stands_on: int | None = None) -> Thing:
    return Thing(
        kind=kind, colour=colour, pattern="plain", size="small", box=box, material="grass", stands_on=stands_on
    )


@pytest.fixture
def park() -> Scene:
    """A red ball left of a blue dog."""
    left, right = thing("ball", "red", (10, 60, 30, 80)), thing("dog", "blue", (60, 62, 80, 82))
    return Scene(number=0, theme="park", horizon_px=50, things=(left, right))


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("a red ball to the left of a dog", True),
        ("A red ball is left of a small blue dog.", True),
        ("a red ball to the right of a dog", False),
        ("a blue ball", False),
        ("a blue dog on the grass", True),
        ("a blue dog on the snow", False),
        ("a red ball in the meadow", True),
        ("a red ball at the lake", False),
        ("two red balls", False),
        ("a cat", False),
        ("a striped dog", False),
        ("a dog watches a ball", True),
        ("a red watch", False),
    ],
)
def test_the_reader_of_claims_tells_true_from_false(park: Scene, text: str, truth: bool) -> None:
    assert is_true(text, park) is truth


def test_all_captions_are_true_of_their_scene(scenes: list[Scene]) -> None:
    said = [(c.text, s) for s in scenes for c in captions(s, generator(5, s.number, "captions"), num_captions=2)]
    assert len(said) == 2 * NUM_SCENES
    assert [text for text, scene in said if not is_true(text, scene)] == []


def test_all_phrases_are_true_of_their_scene(scenes: list[Scene]) -> None:
    said = [(r.phrase.text, s) for s in scenes for r in region_phrases(s, generator(5, s.number, "phrases"))]
    assert [text for text, scene in said if not is_true(text, scene)] == []


def test_captions_seldom_hold_of_another_scene(scenes: list[Scene]) -> None:
    texts = [captions(s, generator(5, s.number, "captions"), num_captions=1)[0].text for s in scenes]
    others = [is_true(text, scene) for i, text in enumerate(texts) for scene in scenes[i + 1 : i + 31]]
    assert sum(others) / len(others) < 0.01


def test_captions_are_short_and_differ(scenes: list[Scene]) -> None:
    for scene in scenes:
        first, second = captions(scene, generator(5, scene.number, "captions"), num_captions=2)
        assert first.text != second.text
        assert max(first.num_words, second.num_words) <= MAX_WORDS


def test_a_good_part_of_the_phrases_has_verbs(scenes: list[Scene]) -> None:
    phrases = [r.phrase for s in scenes for r in region_phrases(s, generator(5, s.number, "phrases"))]
    with_verb = [phrase for phrase in phrases if any(word.tag in ("VERB", "AUX") for word in phrase.words)]
    assert 0.3 < len(with_verb) / len(phrases) < 0.5
    assert 8 * NUM_SCENES <= len(phrases) <= 12 * NUM_SCENES


def test_some_words_are_nouns_here_and_verbs_there(scenes: list[Scene]) -> None:
    phrases = [r.phrase for s in scenes for r in region_phrases(s, generator(5, s.number, "phrases"))]
    tags = Counter((word.form, word.tag) for phrase in phrases for word in phrase.words)
    both = {form for form, tag in tags if tag == "VERB"} & {form for form, tag in tags if tag == "NOUN"}
    assert {"faces", "shades"} <= both


def test_the_vocabulary_stays_small(scenes: list[Scene]) -> None:
    texts = [r.phrase.text for s in scenes for r in region_phrases(s, generator(5, s.number, "phrases"))]
    words = {word for text in texts for word in re.findall("[a-z]+", text.lower())}
    assert 80 <= len(words) <= 150
