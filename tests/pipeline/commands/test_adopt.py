"""`multigrain adopt` says what it took as harmless, and refuses what may not be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from data.errors import UserError
from tests.tasks.upkeep.toys import Ground, Middle, Top, run

OTHER_CODE = ("data.draws", "data.errors")


def test_a_task_is_adopted_with_what_changed(
    workspace: Path, give: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Top())
    for task in (Ground, Middle):
        monkeypatch.setattr(task, "entry", OTHER_CODE)
    given = give("adopt", "Middle")
    assert given.exit_code == 0, given.exception
    assert given.output.startswith("Middle was adopted: ")
    assert "  code data.errors is new\n" in given.output
    assert "current once its inputs are built to the bytes that they had: ground" in given.output
    assert give("adopt", "Middle").output.startswith("Nothing to adopt")
    assert run(Top()) == ["Ground"]


def test_everything_below_is_adopted_with_upstream(
    workspace: Path, give: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Top())
    for task in (Ground, Top):
        monkeypatch.setattr(task, "entry", OTHER_CODE)
    given = give("adopt", "Top", "--upstream", "--json")
    assert given.exit_code == 0, given.exception
    assert [each["label"] for each in json.loads(given.output)] == ["Ground", "Top"]
    assert run(Top()) == []


def test_another_setting_given_as_a_flag_is_refused(workspace: Path, give: Callable[..., Result]) -> None:
    run(Top())
    given = give("adopt", "Ground", "--number", "3")
    assert isinstance(given.exception, UserError)
    assert given.exception.found == "setting number: 1 -> 3"


def test_the_main_job_has_nothing_of_its_own_to_adopt(workspace: Path, give: Callable[..., Result]) -> None:
    assert isinstance(give("adopt", "FullCurriculum").exception, UserError)
