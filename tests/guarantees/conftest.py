"""One small run of the main job that the slow tests of this folder share; each changes a copy of its workspace."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guarantees.giving import Toys
from tests.guarantees.workspaces import SMALL, give


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the main job with one benchmark. To be looked at, not to be changed."""
    root = tmp_path_factory.mktemp("small") / "workspace"
    given = give("FullCurriculum", root, *SMALL)
    assert given.code == 0, given.said
    return root


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """A copy of a workspace that keeps times, as a user makes one; its files have other inodes."""

    def copy(root: Path) -> Path:
        subprocess.run(["cp", "-a", str(root), str(tmp_path / "copy")], check=True)
        return tmp_path / "copy"

    return copy


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    """Toy tasks to be given to luigi's real command, in a workspace of their own."""
    return Toys(folder=tmp_path)
