"""`multigrain why`: each cause, old and new."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline.commands.verbs import Ask, build


def test_a_changed_setting_is_named_with_old_and_new(built: Path, ask: Ask) -> None:
    said = ask("why", "ImageTable", "--seed", "17")
    assert said.code == 0
    assert said.lines[:2] == ["ImageTable is to do.", "ImageTable: setting seed: 1 -> 17"]
    said = ask("why", "ImageTable", "--seed", "17", "--json")
    assert said.json["causes"] == [{"label": "ImageTable", "what": "setting seed: 1 -> 17"}]


def test_what_is_current_says_so_and_what_was_built_before_needs_no_run(built: Path, ask: Ask) -> None:
    assert ask("why", "ImageTable").lines[0] == "ImageTable is current."
    build(seed=2)
    said = ask("why", "ImageTable")
    assert said.lines == [
        "ImageTable is current.",
        "Built before: nothing to run.",
        "unlike what current/ leads to: ImageTable: setting seed: 2 -> 1",
    ]


def test_of_the_main_job_it_tells_every_first_cause_before_anything_is_built(workspace: Path, ask: Ask) -> None:
    said = ask("why")
    assert said.lines[0] == "Report is to do."
    assert "World: never built" in said.lines
    assert not workspace.exists()
