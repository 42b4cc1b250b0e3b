"""What a workspace holds, worked out by hand for a small one."""

from __future__ import annotations

from pathlib import Path

from tasks.explain.holdings import Waiting, holdings, num_rows
from tasks.manifest import Artifact
from tasks.settings import current_store
from tasks.store import note_lock
from tests.tasks.explain.toys import Mill, Quarry, build, set_of, tree


def test_it_says_what_is_current_whole_or_damaged_and_what_is_gone(workspace: Path) -> None:
    build(Mill())
    set_of("Quarry", number=2)
    build(Quarry())
    (workspace / "current" / "Lost").symlink_to("nowhere")
    file = (workspace / "current" / "Quarry" / "result" / "number.txt").resolve()
    file.chmod(0o644)
    file.write_text("10")
    before = tree(workspace)
    found = holdings(current_store())
    assert tree(workspace) == before
    assert found.num_artifacts == 3
    lost, mill, quarry = found.held
    assert (quarry.label, quarry.num_bytes, [damage.path for damage in quarry.damage]) == ("Quarry", 2, ["number.txt"])
    assert (mill.label, mill.num_bytes, mill.damage, mill.num_rows) == ("Mill", 1, (), None)
    assert (lost.label, lost.key) == ("Lost", None)


def test_it_says_what_is_being_built_and_what_lies_beside_the_store(workspace: Path) -> None:
    build(Quarry())
    store = current_store()
    (store.partial("abc") / "scratch").mkdir(parents=True)
    (store.partial("abc") / "scratch" / "shard").write_bytes(b"12345")
    aside = store.set_aside(next((workspace / "store" / "Quarry").iterdir()), place="replaced")
    assert aside is not None
    with store.locked("abc", on_wait=lambda: None) as lock:
        note_lock(lock, {"label": "Mill"})
        found = holdings(store)
    assert [(each.key, each.label) for each in found.being_built] == [("abc", "Mill")]
    partial, replaced = found.waiting
    assert partial == Waiting(room="partial", name="abc", num_bytes=5, num_files=1)
    assert (replaced.room, replaced.name) == ("replaced", aside.name)
    assert holdings(store).being_built == ()


def test_a_workspace_that_is_not_there_holds_nothing(workspace: Path) -> None:
    found = holdings(current_store())
    assert (found.held, found.being_built, found.waiting, found.num_artifacts, found.num_bytes) == ((), (), (), 0, 0)
    assert not workspace.exists()


def test_rows_are_those_of_the_largest_table_its_parts_together_else_those_it_counts() -> None:
    def rows(files: dict[str, int], counts: dict[str, int] | None = None) -> int | None:
        entries = {path: {"rows": number} for path, number in files.items()}
        manifest = {"result": {"files": entries}, "counts": {"rows": counts} if counts else None}
        return num_rows(Artifact(folder=Path(), manifest=manifest))

    assert rows({"corpus/part-00000.parquet": 3, "corpus/part-00001.parquet": 4, "other.parquet": 5}) == 7
    assert rows({"rejected.parquet": 9}, {"train": 2, "test": 1}) == 3
    assert rows({"rejected.parquet": 9}) is None
