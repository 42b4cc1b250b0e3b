"""`multigrain gc` lists what goes, with the reason and the size; a dry run removes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import luigi
import pytest
from click.testing import Result

from tasks.store import Store
from tests.tasks.upkeep.toys import Ground, folder, run


@pytest.fixture
def old(workspace: Path) -> Path:
    """The folder of an artifact that nothing reaches any more."""
    run(Ground())
    old = folder(workspace, "Ground")
    luigi.configuration.get_config().set("Ground", "number", "2")
    run(Ground())
    return old


def everything(root: Path) -> set[Path]:
    return set(root.rglob("*"))


def test_a_dry_run_lists_what_would_go_and_writes_nothing(
    workspace: Path, old: Path, give: Callable[..., Result]
) -> None:
    before = everything(workspace)
    given = give("gc", "--dry-run")
    assert given.exit_code == 0, given.exception
    num_bytes = sum(path.stat().st_size for path in old.rglob("*") if path.is_file())
    assert f"{num_bytes / 1000:.1f} kB  store/Ground/{old.name}  nothing current came from it" in given.output
    assert "would come free" in given.output
    assert everything(workspace) == before


def test_what_nothing_reaches_goes(workspace: Path, old: Path, give: Callable[..., Result]) -> None:
    new = folder(workspace, "Ground")
    said = json.loads(give("gc", "--json").output)
    assert (said["is_removed"], said["busy"]) == (True, [])
    assert not old.exists()
    assert new.is_dir()
    assert json.loads(give("gc", "--json", "--dry-run").output)["garbage"] == []


def test_what_is_in_use_is_named_and_stays(workspace: Path, old: Path, give: Callable[..., Result]) -> None:
    (workspace / "partial" / "0123").mkdir(parents=True)
    assert "of unfinished work stay" in give("gc", "--dry-run").output
    with Store(workspace).locked("gc", on_wait=lambda: None):
        assert "another gc" in str(give("gc").exception)
    assert old.is_dir()
    given = give("gc", "--partial")
    assert given.exit_code == 0
    assert "unfinished work stay" not in given.output
    assert not (workspace / "partial" / "0123").exists()


def test_a_workspace_that_is_not_there_is_not_made(workspace: Path, give: Callable[..., Result]) -> None:
    assert give("gc").output == "0 B came free\n"
    assert not workspace.exists()
