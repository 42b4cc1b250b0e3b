"""Promise 3: only code that can change the result counts as a change. tests/tasks/test_code.py holds the details."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.guarantees.workspaces import SMALL, ask, give

CODE = ("data", "model", "pipeline", "report", "tasks")
OBJECTIVE = '''
"""An objective that no stage names."""

OBJECTIVE = None
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's code in another folder."""
    for name in CODE:
        shutil.copytree(CHECKOUT / name, tmp_path / "project" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "project"


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_comments_layout_and_new_plug_ins_rerun_nothing_a_statement_reruns_what_imports_it_and_equal_bytes_stop_there(
    small_run: Path, copy_of: Callable[[Path], Path], project: Path
) -> None:
    root = copy_of(small_run)
    assert ask("plan", root, *SMALL, project=project).returncode == 0

    phrase = project / "data" / "corpora" / "phrase.py"
    append(phrase, "\n\n# a remark at the end\n")
    phrase.write_text(
        phrase.read_text("utf-8").replace('"""The phrase corpus', '"""This is the phrase corpus', 1), "utf-8"
    )
    (project / "model" / "objectives" / "another.py").write_text(OBJECTIVE, "utf-8")
    asked = ask("plan", root, *SMALL, project=project)
    assert asked.returncode == 0, asked.stdout

    # Read by data.sources.vg_region_descriptions through data.sources.visual_genome and data.sources.fields.
    append(project / "data" / "sources" / "visual_genome.py", "\n_NOT_USED = 1\n")
    asked = ask("why", root, "PhraseCorpus", *SMALL[:2], project=project)
    assert "data.sources.visual_genome" in asked.stdout

    adopted = ask("adopt", root, "PhraseCorpus", *SMALL[:2], project=project)
    assert adopted.returncode == 0, adopted.stderr
    given = give("FullCurriculum", root, *SMALL, project=project)
    assert given.code == 0, given.said
    assert "PhraseCorpus" not in given.built
    assert given.built
    assert not {label for label in given.built if "Stage" in label or label.startswith(("FineTune", "Evaluate"))}
