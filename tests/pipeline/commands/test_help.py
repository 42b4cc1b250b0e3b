"""The command line itself: help that is clean, names that a shell completes, flags wherever they stand."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import asked, commands
from tests.pipeline.commands.verbs import Ask

VERBS = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
EXPLAIN = ("diff", "lineage", "plan", "show", "status", "why")


def test_help_lists_every_verb_with_one_line_each(ask: Ask) -> None:
    said = ask("--help")
    assert said.code == 0
    listed = said.lines[said.lines.index("Commands:") + 1 :]
    assert [line.split(" ")[0] for line in listed] == VERBS
    ours = [line for line in listed if line.split(" ")[0] in EXPLAIN]
    assert len(ours) == len(EXPLAIN)
    assert all(line.endswith(".") and not line.endswith("...") for line in ours)
    assert any(line.startswith("--install-completion") for line in said.lines)


@pytest.mark.parametrize("verb", EXPLAIN)
def test_the_help_of_a_verb_names_its_options_and_luigis(ask: Ask, verb: str) -> None:
    said = ask(verb, "--help")
    assert said.code == 0
    assert any(line.startswith("--json") for line in said.lines)
    assert "--workspace-root" in said.out
    assert "kwargs" not in said.out.lower()


def test_a_shell_completes_tasks_and_labels(built: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_MULTIGRAIN_COMPLETE", "complete_bash")
    for words, completed in (
        ("multigrain plan ImageT", "ImageTable"),
        ("multigrain why --profile smoke ImageT", "ImageTable"),
        ("multigrain show Im", "ImageTable"),
        ("multigrain lin", "lineage"),
    ):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
        assert ask().lines == [completed]


def test_completion_can_be_installed(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("multigrain"), "--install-completion", "bash"],
        env={**os.environ, "HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "complete -o default -F _multigrain_completion multigrain" in (
        (tmp_path / ".bash_completions" / "multigrain.sh").read_text()
    )


def test_luigis_flags_are_told_apart_from_a_verbs_own_and_keep_their_values() -> None:
    words = ["--profile", "smoke", "TokenStage", "--rows", "5", "--x=1", "--json", "--no-lock", "--seed", "2"]
    found = asked.without_flags(words, {"--rows", "--json"})
    assert found.names == ("TokenStage", "--rows", "5", "--json")
    assert found.flags == ("--profile", "smoke", "--x=1", "--no-lock", "--seed", "2")
