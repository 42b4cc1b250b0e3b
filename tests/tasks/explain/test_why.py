"""Why a task is not current: every cause with old and new, where it lies, the first one upstream first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

import pytest

from tasks import artifact
from tasks.code import code_digests
from tasks.explain.why import Why, why
from tasks.settings import current_store
from tests.tasks.explain.toys import Mill, Quarry, Village, build, set_of

pytestmark = pytest.mark.usefixtures("workspace")


def causes(found: Why) -> list[str]:
    return [f"{cause.label}: {cause.what}" for cause in found.causes]


def test_a_changed_setting_is_named_where_it_lies_also_for_a_task_that_waits() -> None:
    build(Village())
    set_of("Quarry", number=2)
    assert causes(why(Quarry(), current_store())) == ["Quarry: setting number: 1 -> 2"]
    found = why(Village(), current_store())
    assert causes(found) == ["Quarry: setting number: 1 -> 2"]
    assert found.standing.waits_for == ("Mill", "Quarry")


def test_where_an_input_was_built_anew_its_cause_comes_before_the_changed_content() -> None:
    build(Village())
    set_of("Quarry", number=2)
    build(Quarry())
    assert causes(why(Mill(), current_store())) == [
        "Quarry: setting number: 1 -> 2",
        # the SHA-256 of "1" and of "0" would be the files'; an input's digest is that of its files by name
        f"Mill: input quarry: {digest(1)} -> {digest(2)}",
    ]


def digest(number: int) -> str:
    set_of("Quarry", number=number)
    found = Quarry().content_digest(("parity.txt",))
    assert found is not None
    return found[:12]


def test_changed_new_and_gone_modules_are_named_although_an_input_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    build(Mill())

    def changed(entries: Iterable[str]) -> Mapping[str, str]:
        digests = dict(code_digests(entries))
        if "data.progress" in digests:
            return {**digests, "data.progress": "0" * 64, "data.words": "1" * 64, "python": "3.99"}
        del digests["data"]
        return digests

    monkeypatch.setattr(artifact, "code_digests", changed)
    set_of("Quarry", number=1)
    python = code_digests(["data.progress"])["python"]
    assert causes(why(Mill(), current_store())) == [
        "Quarry: code data is no longer read",
        "Mill: code data.progress changed",
        "Mill: code data.words is new",
        f"Mill: Python: {python} -> 3.99",
    ]


def test_another_version_of_a_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    build(Quarry())
    old = metadata.version("numpy")
    monkeypatch.setattr(artifact.metadata, "version", lambda name: "99.0")
    set_of("Quarry", number=1)
    assert causes(why(Quarry(), current_store())) == [f"Quarry: library numpy: {old} -> 99.0"]


def test_a_task_that_is_current_has_no_cause_and_one_built_before_says_what_differs_from_the_last() -> None:
    build(Quarry())
    found = why(Quarry(), current_store())
    assert (found.standing.state, found.causes, found.since) == ("current", (), ())
    set_of("Quarry", number=2)
    build(Quarry())
    set_of("Quarry", number=1)
    found = why(Quarry(), current_store())
    assert (found.standing.state, found.standing.note) == ("current", "built before: nothing to run")
    assert [cause.what for cause in found.since] == ["setting number: 2 -> 1"]


def test_a_source_that_was_never_read_is_the_cause_of_what_waits_for_it(tmp_path: Path) -> None:
    file = tmp_path / "captions.json"
    file.write_text("{}")
    set_of("Quarry", file=str(file))
    assert causes(why(Quarry(), current_store())) == [f"{file}: unknown until read", "Quarry: never built"]
