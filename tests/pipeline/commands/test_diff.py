"""`multigrain diff`: the first cause of a difference, and exit codes."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline.commands.verbs import Ask, build


def test_equal_results_exit_0_and_others_exit_1_with_the_first_cause(built: Path, ask: Ask) -> None:
    one = (built / "current" / "ImageTable").resolve()
    said = ask("diff", "ImageTable", str(one))
    assert said.code == 0
    assert said.lines[0].endswith("the results are equal.")

    build(validation_rate=0.99, test_rate=0.0)
    said = ask("diff", str(one), "ImageTable")
    assert said.code == 1
    assert said.lines[0].endswith("the results differ.")
    assert said.lines[1].startswith("first cause: ImageTable: setting test_rate: ")
    assert said.lines[2].startswith("then: ImageTable: setting validation_rate: ")
    assert said.lines[2].endswith("-> 0.99")
    assert ask("diff", str(one), "ImageTable", "--json").json["is_equal"] is False
