"""What differs between two decisions, as a person says it."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.explain.changes import flat, own_changes


def decision(settings: Any = None, **others: Any) -> dict[str, Any]:
    return {"family": "Corpus", "settings": settings or {}, "code": {}, "libraries": {}, **others}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"max_length": 20}, {"max_length": 17}, ["setting max_length: 20 -> 17"]),
        ({"a": 1}, {"b": 1}, ["setting a: 1 -> none", "setting b: none -> 1"]),
        ({"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 2}]}}, ["setting a.b[0].c: 1 -> 2"]),
        ({"names": ["a"]}, {"names": ["a", "b"]}, ["setting names: ['a'] -> ['a', 'b']"]),
        ({"names": ["a", "b"]}, {"names": ("a", "b")}, []),
        ({"empty": {}}, {"empty": {}}, []),
        ({"empty": {}}, {"empty": {"a": 1}}, ["setting empty: {} -> none", "setting empty.a: none -> 1"]),
        ({"x": None}, {}, ["setting x: None -> none"]),
    ],
)
def test_settings_are_named_by_their_path(old: Any, new: Any, said: list[str]) -> None:
    assert [str(change) for change in own_changes(decision(old), decision(new))] == said


def test_a_long_value_is_cut_to_60_characters() -> None:
    (change,) = own_changes(decision({"text": "a"}), decision({"text": "b" * 61}))
    assert change.new == "b" * 57 + "..."


def test_another_family_is_all_there_is_to_say() -> None:
    found = own_changes(decision({"a": 1}), decision({"a": 2}, family="Table"))
    assert [str(change) for change in found] == ["family task: Corpus -> Table"]


def test_a_list_of_objects_is_taken_apart_and_a_list_of_numbers_is_not() -> None:
    assert flat({"a": [{"b": 1}, {"b": 2}], "c": [1, 2]}) == {"a[0].b": 1, "a[1].b": 2, "c": [1, 2]}
