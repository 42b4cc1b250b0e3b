"""A plan: what it would take, worked out by hand from a given history, and nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data.digests import digest_of
from tasks import history
from tasks.explain.plan import Cost, Plan, plan
from tasks.history import Built
from tasks.settings import current_store
from tests.tasks.explain.toys import Mill, Quarry, Village, build, set_of, tree

SETTINGS = digest_of({"number": 1, "seed": 7})
OTHERS = digest_of({"number": 2, "seed": 7})


def note(root: Path, label: str, *, settings: str, started: str, seconds: float, read: int, written: int) -> None:
    root.mkdir(exist_ok=True)
    built = Built(
        label=label,
        family=label,
        key="0" * 64,
        settings=settings,
        started=f"2026-01-{started}T00:00:00+00:00",
        seconds=seconds,
        read_bytes=read,
        written_bytes=written,
    )
    history.note(root, built)


def planned() -> Plan:
    return plan(Village(), current_store())


def test_estimates_are_the_last_build_of_the_same_settings_else_the_last_build(workspace: Path) -> None:
    note(workspace, "Quarry", settings=SETTINGS, started="01", seconds=3.0, read=5, written=10)
    note(workspace, "Quarry", settings=SETTINGS, started="02", seconds=4.0, read=5, written=20)
    note(workspace, "Quarry", settings=OTHERS, started="03", seconds=50.0, read=5, written=30)
    note(workspace, "Mill", settings=OTHERS, started="01", seconds=90.0, read=7, written=40)
    found = planned()
    quarry, mill, village = (task.cost for task in found.tasks)
    assert quarry == Cost(read_bytes=0, written_bytes=20, seconds=4.0)  # it has no input
    assert mill == Cost(read_bytes=7, written_bytes=40, seconds=90.0)  # its input is not there: as the last time
    assert village == Cost()
    assert (found.num_to_do, found.num_unknown, found.num_without_estimate) == (3, 0, 1)
    assert (found.seconds_to_do, found.seconds_unknown) == (94.0, 0)
    assert not found.is_all_current


def test_what_is_there_is_counted_by_its_size_and_what_is_unknown_apart(workspace: Path) -> None:
    build(Village())
    (workspace / "history.jsonl").unlink()
    note(workspace, "Mill", settings=digest_of({}), started="01", seconds=2.0, read=9, written=1)
    note(workspace, "Village", settings=digest_of({}), started="01", seconds=30.0, read=9, written=1)
    (workspace / "store" / "Mill").rename(workspace / "elsewhere")
    found = planned()
    quarry, mill, village = found.tasks
    assert quarry.cost is None
    assert mill.cost == Cost(read_bytes=1, written_bytes=1, seconds=2.0)  # the one byte of parity.txt
    assert village.state == "unknown"
    assert (found.num_to_do, found.num_unknown, found.seconds_to_do, found.seconds_unknown) == (1, 1, 2.0, 30.0)


@pytest.mark.usefixtures("workspace")
def test_when_all_is_current_nothing_is_to_do() -> None:
    build(Village())
    found = planned()
    assert found.is_all_current
    assert [task.cost for task in found.tasks] == [None, None, None]


@pytest.mark.usefixtures("workspace")
def test_a_source_takes_as_long_as_reading_it(tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    file.touch()
    os.truncate(file, 1_600_000_000)  # a hole: nothing of it is on the disk
    set_of("Quarry", file=str(file))
    assert plan(Quarry(), current_store()).tasks[0].cost == Cost(read_bytes=1_600_000_000, written_bytes=0, seconds=2.0)


def test_planning_makes_no_workspace_and_writes_nothing_into_one(workspace: Path) -> None:
    planned()
    assert not workspace.exists()
    build(Mill())
    set_of("Quarry", number=2)
    before = tree(workspace)
    planned()
    assert tree(workspace) == before
