"""A configuration file that luigi cannot parse is one screen of `multigrain`, and one line of `doctor`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import commands
from tests.conftest import CHECKOUT


def multigrain(verb: str, folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from pipeline.cli import main; main()", verb],
        cwd=folder,
        env=commands.environment({"PYTHONPATH": str(CHECKOUT), **changes}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("text", [b"[workspace\n", b"[workspace]\nroot\n", b"[workspace]\n# caf\xe9\n"])
def test_a_file_that_cannot_be_parsed_is_named(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "luigi.cfg").write_bytes(text)
    given = multigrain("status", tmp_path)
    assert given.returncode == 2
    assert "luigi.cfg" in given.stderr
    assert given.stderr.count("way out") == 1
    assert "Traceback" not in given.stderr


def test_so_is_one_that_the_environment_names(tmp_path: Path) -> None:
    (tmp_path / "other.cfg").write_text("[workspace\n")
    given = multigrain("status", tmp_path, LUIGI_CONFIG_PATH="other.cfg")
    assert given.returncode == 2
    assert "other.cfg" in given.stderr


def test_doctor_looks_at_the_rest_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "luigi.cfg").write_text("[workspace\n")
    given = multigrain("doctor", tmp_path)
    assert given.returncode == 1
    assert "luigi.cfg" in given.stdout
    assert "a lock keeps other processes out" in given.stdout
