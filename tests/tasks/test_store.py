"""An artifact is whole or absent, and built by one process at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data.digests import digest_of, file_digest
from tasks.manifest import Artifact
from tasks.store import Store, note_lock

KEY = "0123"

# Holds the lock until its stdin closes, then publishes.
HOLDER = """
import sys
from pathlib import Path
from tasks.store import Store, fresh_folder
store = Store(Path(sys.argv[1]))
with store.locked("0123", on_wait=lambda: None):
    print("locked", flush=True)
    sys.stdin.read()
    (fresh_folder(store.partial("0123") / "result") / "rows.txt").write_text("theirs")
    store.publish("Corpus", "0123", {"family": "Corpus"})
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def publish(store: Store, key: str = KEY, **texts: str) -> Artifact:
    result = store.partial(key) / "result"
    result.mkdir(parents=True)
    for name, text in texts.items():
        (result / name).write_text(text)
    return store.publish("Corpus", key, {"family": "Corpus"})


def test_what_was_published_is_found_with_its_files_and_nothing_is_left_where_it_was_built(store: Store) -> None:
    publish(store, rows="abc")
    found = store.find("Corpus", KEY)
    assert found is not None
    # SHA-256 of "abc", from FIPS 180-2
    assert found.files["rows"]["sha256"].startswith("ba7816bf8f01cfea414140de5dae2223")
    assert found.files["rows"]["bytes"] == 3
    assert not store.partial(KEY).exists()


def test_what_was_built_but_not_published_is_absent(store: Store) -> None:
    result = store.partial(KEY) / "result"
    result.mkdir(parents=True)
    (result / "rows").write_text("abc")
    assert store.find("Corpus", KEY) is None


def test_an_empty_result_is_our_mistake_and_is_not_published(store: Store) -> None:
    with pytest.raises(AssertionError, match="wrote nothing"):
        publish(store)
    assert store.find("Corpus", KEY) is None


@pytest.mark.parametrize("damage", ["", "{", "[]", "3", '{"result": {}}', "\udcff"])
def test_an_artifact_with_a_damaged_manifest_is_absent(store: Store, damage: str) -> None:
    artifact = publish(store, rows="abc")
    (artifact.folder / "manifest.json").write_bytes(damage.encode("utf-8", "surrogateescape"))
    assert store.find("Corpus", KEY) is None


def test_an_artifact_that_lost_a_file_is_absent_and_goes_to_the_quarantine_when_it_is_built_again(store: Store) -> None:
    artifact = publish(store, rows="abc", counts="1")
    (artifact.result / "counts").unlink()
    assert store.find("Corpus", KEY) is None
    publish(store, rows="abc", counts="1")
    assert store.find("Corpus", KEY) is not None
    (kept,) = (store.root / "quarantine").iterdir()
    assert (kept / "result" / "rows").read_text() == "abc"


def test_the_digest_of_named_results_does_not_change_with_the_others(store: Store) -> None:
    one = publish(store, "1", rows="abc", counts="1")
    two = publish(store, "2", rows="abc", counts="2")
    assert one.digest(("rows",)) == two.digest(("rows",))
    assert one.digest() != two.digest()
    assert one.digest(("row",)) == digest_of({})  # a name is a whole name, not how one begins


def test_a_folder_names_all_that_lies_below_it(store: Store) -> None:
    below = store.partial(KEY) / "result" / "pictures"
    below.mkdir(parents=True)
    (below / "1.png").write_text("one")
    artifact = store.publish("Corpus", KEY, {})
    assert artifact.digest(("pictures",)) == digest_of(
        {"pictures/1.png": file_digest(artifact.result / "pictures/1.png")}
    )


def test_the_current_link_leads_to_the_last_artifact_and_survives_a_move_of_the_workspace(tmp_path: Path) -> None:
    store = Store(tmp_path / "workspace")
    store.point_current("Corpus", publish(store, "1", rows="one"))
    store.point_current("Corpus", publish(store, "2", rows="two"))
    moved = store.root.rename(tmp_path / "moved")
    assert (moved / "current" / "Corpus" / "result" / "rows").read_text() == "two"
    assert [link.name for link in (moved / "current").iterdir()] == ["Corpus"]


def test_the_second_waits_for_the_process_that_holds_the_lock_and_then_finds_its_artifact(store: Store) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        waited: list[bool] = []

        def let_go() -> None:
            waited.append(store.find("Corpus", KEY) is None)
            assert holder.stdin is not None
            holder.stdin.close()

        with store.locked(KEY, on_wait=let_go):
            found = store.find("Corpus", KEY)
        assert holder.wait() == 0
    assert waited == [True]
    assert found is not None
    assert (found.result / "rows.txt").read_text() == "theirs"


def test_a_lock_outlives_its_holder_in_a_child_that_inherited_it(store: Store) -> None:
    with store.locked(KEY, on_wait=lambda: None) as descriptor:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(descriptor,))
    with child:
        assert child.stdin is not None
        waited: list[bool] = []

        def end_child() -> None:
            waited.append(True)
            child.communicate(b"\n")

        with store.locked(KEY, on_wait=end_child):
            assert waited == [True]


# Says that it waits for the lock, then that it holds it, until its stdin closes.
WAITER = """
import sys
from pathlib import Path
from tasks.store import Store
store = Store(Path(sys.argv[1]))
with store.locked("0123", on_wait=lambda: print("waiting", flush=True)):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_lock_whose_file_was_removed_while_another_process_waited_is_held_by_that_process_alone(store: Store) -> None:
    with store.locked(KEY, on_wait=lambda: None):
        waiter = subprocess.Popen(
            [sys.executable, "-c", WAITER, str(store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "waiting\n"
        store.lock_file(KEY).unlink()
    assert waiter.stdout.readline() == "locked\n"
    assert store.is_locked(KEY)
    with store.locked_if_free(KEY) as is_ours:
        assert not is_ours
    waiter.communicate()
    with store.locked_if_free(KEY) as is_ours:
        assert is_ours


def test_who_holds_a_lock_can_say_what_is_being_done(store: Store) -> None:
    assert store.lock_note(KEY) == {}
    with store.locked(KEY, on_wait=lambda: None) as lock:
        note_lock(lock, {"label": "a longer name"})
        note_lock(lock, {"label": "a name"})
        assert store.lock_note(KEY) == {"label": "a name"}
