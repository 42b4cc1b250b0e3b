"""Promise 10: a typo is answered before any work, by both commands, in any folder, whatever configuration is read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import commands

CORRECT = "[workspace]\nroot = w\n"
IN_FULL = ("--module", "pipeline")


def give(words: tuple[str, ...], folder: Path, changes: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Give luigi's command, or multigrain's, in a folder."""
    command = [str(commands.LUIGI), *IN_FULL] if words[0] != "multigrain" else [sys.executable, "-m", "pipeline.cli"]
    return subprocess.run(
        [*command, *(words if words[0] != "multigrain" else words[1:])],
        cwd=folder,
        env=commands.environment({"PYTHONPATH": str(commands.CHECKOUT), **changes}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "here", "named", "nearest"),
    [
        (("FullCurriculm",), "", "", "FullCurriculm (did you mean FullCurriculum?)"),
        (("PhraseCorpus", "--prof", "smoke"), CORRECT, "", "--prof (did you mean --profile?)"),
        (("FullCurriculum", "--profile", "smoek"), "", CORRECT, "did you mean smoke?"),
        (("FullCurriculum",), "[PhraseCorpu]\nmax_length = 9\n", "", "[PhraseCorpu] (did you mean PhraseCorpus?)"),
        (("FullCurriculum",), "", "[PhraseCorpus]\nmax_lenght = 9\n", "max_lenght (did you mean max_length?)"),
        (("FullCurriculum",), "[core]\nworker = 4\n", "", "worker (did you mean workers?)"),
        (("multigrain", "plan", "PhraseCorpsu"), "", "", "PhraseCorpsu (did you mean PhraseCorpus?)"),
        (("multigrain", "plan", "PhraseCorpus", "--prof", "smoke"), "", CORRECT, "--prof (did you mean --profile?)"),
        (("multigrain", "plna"), "", "", "'plna'. Did you mean 'plan'"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else None,
)
def test_a_typo_exits_2_with_the_nearest_valid_name_and_writes_nothing(
    words: tuple[str, ...], here: str, named: str, nearest: str, tmp_path: Path
) -> None:
    folder = tmp_path / "anywhere"
    folder.mkdir()
    if here:
        (folder / "luigi.cfg").write_text(here)
    (tmp_path / "named.cfg").write_text(named)
    changes = {"LUIGI_CONFIG_PATH": str(tmp_path / "named.cfg")} if named else {}
    done = give(words, folder, changes)
    assert done.returncode == 2, done.stderr
    assert nearest in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert [path.name for path in folder.iterdir()] == (["luigi.cfg"] if here else [])


PLAIN = """
import luigi

class Phrases(luigi.Task):
    max_length = luigi.IntParameter(default=64)

    def output(self):
        return luigi.LocalTarget("phrases.txt")

    def run(self):
        with self.output().open("w") as file:
            file.write(str(self.max_length))
"""


def test_the_trap_a_plain_task_passes_over_a_mistyped_section_and_key(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(PLAIN)
    (tmp_path / "luigi.cfg").write_text("[Phrase]\nmax_length = 9\n[Phrases]\nmax_lenght = 9\n")
    done = subprocess.run(
        [commands.LUIGI, "--module", "plain", "Phrases", "--local-scheduler"],
        cwd=tmp_path,
        env=commands.environment({"PYTHONPATH": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert (tmp_path / "phrases.txt").read_text() == "64"
