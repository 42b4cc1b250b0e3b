"""What nothing reaches goes, and nothing else; what is in use, or came into use meanwhile, stays."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import luigi
import pytest

from tasks.manifest import read_manifest
from tasks.store import Store, note_lock
from tasks.upkeep import adopting, checking, collecting
from tasks.upkeep.collecting import Garbage
from tests.tasks.upkeep.toys import Copier, Ground, Middle, Top, folder, forget, run


@pytest.fixture
def store(workspace: Path) -> Store:
    return Store(workspace)


def set_number(value: int) -> None:
    luigi.configuration.get_config().set("Ground", "number", str(value))


def clear(store: Store, *, partial: bool = False) -> set[str]:
    """Remove what can go; the paths that are gone."""
    found = collecting.find(store, partial=partial)
    gone = {each.path.relative_to(store.root).as_posix() for each in found if collecting.remove(store, each)}
    assert not any((store.root / path).exists() for path in gone)
    return {path for path in gone if not path.startswith("locks/")}


def names(found: tuple[Garbage, ...]) -> set[str]:
    return {f"{each.path.parent.name}: {each.reason}" for each in found if each.path.parent.name != "locks"}


def test_only_what_nothing_current_came_from_is_removed(store: Store) -> None:
    run(Top())
    kept = set((store.root / "store").glob("*/*"))
    set_number(2)
    run(Top())
    set_number(1)
    assert run(Top()) == []
    assert len(clear(store)) == 3
    assert set((store.root / "store").glob("*/*")) == kept
    assert run(Top()) == []


def test_the_ancestors_of_what_is_current_stay_though_current_leads_to_other_ones(store: Store) -> None:
    run(Top())
    set_number(3)  # Middle reads the parity alone
    run(Middle())
    assert names(collecting.find(store)) == set()
    assert clear(store) == set()
    set_number(1)
    assert run(Top()) == []


def test_what_a_build_reads_stays_while_its_lock_is_held(store: Store) -> None:
    run(Ground())
    old = folder(store.root, "Ground")
    set_number(2)
    run(Ground())
    with store.locked("9999", on_wait=lambda: None) as lock:
        note_lock(lock, {"label": "Middle", "made_from": {"ground": {"family": "Ground", "key": old.name}}})
        assert clear(store) == set()
    assert clear(store) == {f"store/Ground/{old.name}"}


def test_a_build_says_in_its_lock_what_it_reads(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Ground())
    said: list[object] = []
    build = Middle.build
    monkeypatch.setattr(
        Middle, "build", lambda self, job: (said.append(store.lock_note(self.key())["made_from"]), build(self, job))
    )
    run(Middle())
    (made_from,) = said
    assert made_from["ground"]["key"] == folder(store.root, "Ground").name


def test_what_is_built_under_a_lock_stays(store: Store) -> None:
    run(Ground())
    old = folder(store.root, "Ground")
    set_number(2)
    run(Ground())
    with store.locked(old.name, on_wait=lambda: None):
        assert clear(store) == set()


def test_what_came_into_use_after_it_was_listed_stays(store: Store) -> None:
    run(Ground())
    set_number(2)
    run(Ground())
    (garbage,) = [each for each in collecting.find(store) if each.is_artifact]
    set_number(1)
    run(Ground())  # current again
    assert not collecting.remove(store, garbage)
    assert garbage.path.is_dir()


def test_what_was_locked_after_it_was_listed_stays(store: Store) -> None:
    run(Ground())
    set_number(2)
    run(Ground())
    (garbage,) = [each for each in collecting.find(store) if each.is_artifact]
    with store.locked(garbage.path.name, on_wait=lambda: None):
        assert not collecting.remove(store, garbage)
    assert collecting.remove(store, garbage)


def test_a_removal_that_was_cut_off_leaves_nothing_half_and_is_ended_by_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(Ground())
    set_number(2)
    run(Ground())
    (garbage,) = [each for each in collecting.find(store) if each.is_artifact]

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tasks.upkeep.collecting.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            collecting.remove(store, garbage)
    assert not garbage.path.exists()
    assert names(collecting.find(store)) == {"removed: removal had begun"}
    clear(store)
    assert list((store.root / "removed").iterdir()) == []


def test_unfinished_work_stays_unless_it_is_asked_for_and_nobody_does_it(store: Store) -> None:
    for key in ("0123", "4567"):
        store.partial(key).mkdir(parents=True)
    assert clear(store) == set()
    with store.locked("0123", on_wait=lambda: None):
        assert clear(store, partial=True) == {"partial/4567"}


def test_what_was_set_aside_goes_unless_a_builder_may_read_it(store: Store) -> None:
    run(Top())
    middle = folder(store.root, "Middle")
    (middle / "result" / "copy.txt").unlink()
    aside = checking.set_aside(checking.check(middle)).set_aside
    assert aside is not None
    with store.locked(middle.name, on_wait=lambda: None):
        assert clear(store) == set()
    assert clear(store) == {f"quarantine/{aside.name}"}


def test_pins_of_files_that_are_gone_go_and_no_source_does(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.pins._TRUSTED_AGE_NS", 0)
    here, gone = tmp_path / "here.txt", tmp_path / "gone.txt"
    for file in (here, gone):
        file.write_text(file.name)
        run(Copier(source=str(file)))
    gone.unlink()
    found = [each for each in collecting.find(store) if each.path.parent.name == "pins"]
    assert [each.reason for each in found] == [f"a pin of a file that is gone: {gone}"]
    clear(store)
    assert here.read_text() == "here.txt"
    assert len(list((store.root / "pins").iterdir())) == 1


def test_logs_go_after_thirty_days(store: Store) -> None:
    logs = store.root / "logs"
    logs.mkdir(parents=True)
    for name, days in (("old.log", 31), ("young.log", 29)):
        (logs / name).touch()
        os.utime(logs / name, (time.time() - days * 86_400,) * 2)
    assert clear(store) == {"logs/old.log"}


def test_a_lock_that_nobody_holds_goes_and_one_that_is_held_stays(store: Store) -> None:
    for key in ("0123", "4567"):
        with store.locked(key, on_wait=lambda: None):
            pass
    with store.locked("0123", on_wait=lambda: None):
        clear(store)
        assert [file.stem for file in (store.root / "locks").iterdir()] == ["0123"]
        assert store.is_locked("0123")


def test_bytes_that_another_name_keeps_do_not_come_free(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Ground())
    monkeypatch.setattr(Ground, "entry", ("data.errors",))
    forget()
    adopting.adopt(Ground())
    found = [each for each in collecting.find(store) if each.is_artifact]
    (only,) = found
    manifest = (only.path / "manifest.json").stat().st_size
    assert only.num_bytes == manifest + len("1") + len("1") + len("it went well")
    assert collecting.freed(found) == manifest


def test_what_shares_its_files_with_what_goes_is_not_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Ground())
    monkeypatch.setattr(Ground, "entry", ("data.errors",))
    forget()
    adopting.adopt(Ground())
    assert collecting.remove_all(store, collecting.find(store)) == ()
    (only,) = (store.root / "store" / "Ground").iterdir()
    kept = read_manifest(only)
    assert kept is not None
    assert kept.is_stamped()


def test_nothing_is_found_where_there_is_no_workspace(store: Store) -> None:
    assert collecting.find(store, partial=True) == ()
    assert not store.root.exists()


def test_an_artifact_without_a_manifest_goes_and_one_that_current_leads_to_stays(store: Store) -> None:
    run(Ground())
    (folder(store.root, "Ground") / "manifest.json").write_text("{")
    stray = store.folder("Ground", "0123")
    stray.mkdir()
    reasons = Counter(each.reason for each in collecting.find(store) if each.is_artifact)
    assert reasons == {"without a manifest that can be read": 1}
    assert clear(store) == {"store/Ground/0123"}
