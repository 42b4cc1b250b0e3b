"""What is current is built again on request; if that fails, what was there is there again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import UserError
from pipeline import guard
from tasks.artifact import Job
from tasks.store import Store
from tasks.upkeep.collecting import find
from tasks.upkeep.rebuilding import descendants, rebuild
from tests.guarantees.workspaces import files
from tests.tasks.upkeep.toys import Ground, Middle, Top, built, folder, forget, run


def building(expected: list[str]) -> Callable[[], int]:
    def build() -> int:
        assert run(Top()) == expected
        return 0

    return build


def test_a_current_task_is_built_again_and_its_bytes_are_compared(workspace: Path) -> None:
    run(Top())
    old = folder(workspace, "Ground")
    inode = (old / "result" / "parity.txt").stat().st_ino
    forget()
    rebuilt = rebuild([Ground()], building(["Ground"]))
    assert rebuilt.code == 0
    (compared,) = rebuilt.compared
    assert (compared.label, compared.changed) == ("Ground", ())
    assert (old / "result" / "parity.txt").stat().st_ino != inode
    assert (compared.aside / "result" / "parity.txt").stat().st_ino == inode
    assert compared.aside.parent == workspace / "replaced"


def test_descendants_are_really_built_though_the_bytes_are_the_same(workspace: Path) -> None:
    run(Top())
    forget()
    tasks = descendants(Ground(), list(guard.walk(Top())))
    assert {task.label for task in tasks} == {"Ground", "Middle", "Top"}
    rebuilt = rebuild(tasks, building(["Ground", "Middle", "Top"]))
    assert {each.label: each.changed for each in rebuilt.compared} == {"Ground": (), "Middle": (), "Top": ()}


def test_only_what_rests_on_a_task_descends_from_it(workspace: Path) -> None:
    dag = list(guard.walk(Top()))
    assert {task.label for task in descendants(Middle(), dag)} == {"Middle", "Top"}
    assert {task.label for task in descendants(Top(), dag)} == {"Top"}


def test_other_bytes_are_named_by_their_files_also_where_they_give_descendants_another_key(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Top())
    build = Ground.build

    def by_chance(self: Ground, job: Job) -> None:
        build(self, job)
        (job.result / "parity.txt").write_text("by chance")

    monkeypatch.setattr(Ground, "build", by_chance)
    forget()
    rebuilt = rebuild(descendants(Ground(), list(guard.walk(Top()))), building(["Ground", "Middle", "Top"]))
    assert {each.label: each.changed for each in rebuilt.compared} == {
        "Ground": ("parity.txt",),
        "Middle": ("copy.txt",),
        "Top": ("both.txt",),
    }


def interrupted() -> int:
    raise KeyboardInterrupt


def test_what_was_there_is_there_again_after_a_failure_or_an_interruption(workspace: Path) -> None:
    run(Top())
    before = files(workspace)
    forget()
    tasks = descendants(Ground(), list(guard.walk(Top())))
    assert rebuild(tasks, lambda: 30).code == 30
    assert files(workspace) == before
    with pytest.raises(KeyboardInterrupt):
        rebuild(tasks, interrupted)
    assert files(workspace) == before
    assert run(Top()) == []


def test_what_was_built_before_the_failure_stays(workspace: Path) -> None:
    run(Top())
    inode = (folder(workspace, "Ground") / "result" / "parity.txt").stat().st_ino
    forget()
    tasks = descendants(Ground(), list(guard.walk(Top())))

    def build() -> int:
        run(Ground())
        return 30

    assert rebuild(tasks, build).code == 30
    assert (folder(workspace, "Ground") / "result" / "parity.txt").stat().st_ino != inode
    assert len(list((workspace / "replaced").iterdir())) == 1
    assert run(Top()) == []


def test_a_task_that_is_being_built_is_refused_and_nothing_is_moved(workspace: Path) -> None:
    run(Top())
    before = files(workspace)
    forget()
    with (
        Store(workspace).locked(folder(workspace, "Middle").name, on_wait=lambda: None),
        pytest.raises(UserError, match="Middle, while nobody builds it"),
    ):
        rebuild([Ground(), Middle()], interrupted)
    assert files(workspace) == before


def test_what_was_never_built_is_built(workspace: Path) -> None:
    assert rebuild([Ground()], building(["Ground", "Middle", "Top"])).compared == ()
    assert built == ["Ground", "Middle", "Top"]


def test_what_is_replaced_is_no_garbage_until_the_build_has_ended(workspace: Path) -> None:
    run(Ground())
    forget()

    def build() -> int:
        assert not any(each.path.parent.name == "replaced" for each in find(Store(workspace)))
        run(Ground())
        return 0

    (compared,) = rebuild([Ground()], build).compared
    assert compared.aside in [each.path for each in find(Store(workspace))]
