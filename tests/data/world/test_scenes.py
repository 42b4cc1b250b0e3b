from __future__ import annotations

import pytest

from data.world.kinds import COLOURS, KINDS, MATERIALS, SIZES, THEMES
from data.world.scenes import SIDE_PX, Box, Scene, Thing, generator, make_scene
from data.world.sprites import SPRITES, extent
from data.world.verbs import FLOAT, FLY, SIT, STAND, SWIM


def thing(kind: str, box: Box, *, material: str = "grass", stands_on: int | None = None) -> Thing:
    return Thing(
        kind=kind, colour="red", pattern="plain", size="small", box=box, material=material, stands_on=stands_on
    )


def scene(*things: Thing) -> Scene:
    return Scene(number=0, theme="park", horizon_px=50, things=things)


def test_relations_follow_the_centres_and_the_gap() -> None:
    left, right = thing("ball", (10, 60, 30, 80)), thing("dog", (40, 62, 60, 82))
    assert scene(left, right).relations(0, 1) == ["left", "near"]  # centres 30 px apart, a gap of 10 px
    assert scene(left, right).relations(1, 0) == ["right", "near"]


def test_things_far_apart_are_not_near() -> None:
    high, low = thing("bird", (10, 5, 30, 25)), thing("dog", (12, 80, 32, 100))
    assert scene(high, low).relations(0, 1) == ["above"]
    assert scene(high, low).relations(1, 0) == ["below"]


def test_what_stands_on_a_thing_is_only_on_it() -> None:
    cup, chair = thing("cup", (40, 30, 60, 51), stands_on=1), thing("chair", (30, 50, 70, 90))
    assert scene(cup, chair).relations(0, 1) == ["on"]
    assert scene(cup, chair).relations(1, 0) == ["below"]


def test_things_of_one_kind_are_counted_together() -> None:
    boxes = [(0, 0, 20, 20), (30, 0, 50, 20), (60, 0, 80, 20)]
    assert scene(*(thing(kind, box) for kind, box in zip(("dog", "cat", "dog"), boxes, strict=True))).groups() == [
        (0, 2)
    ]
    assert scene(*(thing(kind, box) for kind, box in zip(("dog", "cat", "cup"), boxes, strict=True))).groups() == []


@pytest.mark.parametrize(
    ("kind", "material", "verb"),
    [
        ("bird", "sky", FLY),
        ("bird", "grass", SIT),
        ("fish", "water", SWIM),
        ("hat", "water", FLOAT),
        ("cup", "road", STAND),
    ],
)
def test_what_a_thing_does_depends_on_where_it_is(kind: str, material: str, verb: object) -> None:
    assert thing(kind, (0, 0, 20, 20), material=material).verb is verb


def test_scenes_are_well_formed() -> None:
    for number in range(200):
        made = make_scene(1, number)
        assert 2 <= len(made.things) <= 3
        for item in made.things:
            x1, y1, x2, y2 = item.box
            assert 0 <= x1 < x2 <= SIDE_PX
            assert 0 <= y1 < y2 <= SIDE_PX
            low, high = SIZES[item.size]
            assert low <= max(x2 - x1, y2 - y1) <= high
            assert item.material in (THEMES[made.theme].upper, THEMES[made.theme].lower)


def test_a_scene_depends_on_seed_and_number_alone() -> None:
    assert make_scene(1, 7) == make_scene(1, 7)
    assert make_scene(1, 7) != make_scene(2, 7)
    assert make_scene(1, 7) != make_scene(1, 8)


def test_aspects_of_a_scene_have_random_numbers_of_their_own() -> None:
    assert generator(1, 7, "captions").integers(2**60) != generator(1, 7, "phrases").integers(2**60)


def test_every_kind_has_a_sprite_within_the_unit_square() -> None:
    assert set(SPRITES) == set(KINDS)
    for kind in KINDS:
        x1, y1, x2, y2 = extent(kind)
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1


def test_themes_name_kinds_and_materials_that_exist() -> None:
    for theme in THEMES.values():
        assert {theme.upper, theme.lower} <= set(MATERIALS)
        assert {*theme.likely, *theme.upper_kinds} <= set(KINDS)
    assert all(material.colour in (*COLOURS, "gray", "brown") for material in MATERIALS.values())
