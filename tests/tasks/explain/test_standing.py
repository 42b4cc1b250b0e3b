"""How tasks stand: what is current, what is to do, what cannot be known yet, and the reason in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.settings import current_store
from tests.tasks.explain.toys import Mill, Quarry, Village, build, set_of, standing_of

pytestmark = pytest.mark.usefixtures("workspace")


def test_before_anything_is_built_each_task_comes_after_what_it_needs_with_its_reason() -> None:
    known = standing_of(Village())
    assert list(known) == ["Quarry", "Mill", "Village"]
    assert {standing.state for standing in known.values()} == {"to do"}
    assert [standing.reason for standing in known.values()] == [
        "never built",
        "never built; waits for Quarry",
        "never built; waits for Mill, Quarry",
    ]


def test_after_the_build_all_is_current_and_says_when_it_was_built() -> None:
    build(Village())
    known = standing_of(Village())
    assert {standing.state for standing in known.values()} == {"current"}
    artifact = current_store().current("Village")
    assert artifact is not None
    assert known["Village"].reason == f"built {artifact.manifest['recorded']['started'][:16].replace('T', ' ')}"


def test_a_changed_setting_is_to_do_and_what_reads_its_result_is_unknown_until_that_is_there() -> None:
    build(Village())
    set_of("Quarry", number=3)
    known = standing_of(Village())
    assert (known["Quarry"].state, known["Quarry"].reason) == ("to do", "setting number: 1 -> 3")
    assert (known["Mill"].state, known["Mill"].reason) == ("unknown", "waits for Quarry")
    assert (known["Village"].state, known["Village"].reason) == ("unknown", "waits for Mill, Quarry")
    build(Quarry())  # of the same parity: Mill need not run, and Village must
    known = standing_of(Village())
    assert known["Mill"].state == "current"
    assert known["Village"].state == "to do"
    assert known["Village"].reason.startswith("input quarry: ")


def test_going_back_to_an_old_setting_is_current_and_says_that_it_was_built_before() -> None:
    build(Mill())
    set_of("Quarry", number=2)
    build(Mill())
    set_of("Quarry", number=1)
    known = standing_of(Mill())
    assert [standing.state for standing in known.values()] == ["current", "current"]
    assert known["Mill"].reason == "built before: nothing to run"


def test_damage_is_named_with_its_file(workspace: Path) -> None:
    build(Mill())
    file = next((workspace / "store" / "Quarry").glob("*/result/number.txt"))
    file.chmod(0o644)
    file.write_text("")
    known = standing_of(Mill())
    assert known["Quarry"].reason == "damaged: number.txt: it has 0 bytes, not 1"
    next((workspace / "store" / "Quarry").iterdir()).joinpath("manifest.json").write_text("{")
    assert standing_of(Mill())["Quarry"].reason == "damaged: its manifest cannot be read"


def test_what_waits_and_is_damaged_itself_is_to_do_whatever_becomes_of_its_inputs(workspace: Path) -> None:
    build(Mill())
    file = next((workspace / "store" / "Mill").glob("*/result/mill.txt"))
    file.chmod(0o644)
    file.write_text("")
    set_of("Quarry", number=3)
    standing = standing_of(Mill())["Mill"]
    assert standing.state == "to do"
    assert standing.reason == "damaged: mill.txt: it has 0 bytes, not 1; waits for Quarry"


def test_what_was_built_and_is_gone_is_said_to_be_gone(workspace: Path) -> None:
    build(Quarry())
    (workspace / "store" / "Quarry").rename(workspace / "elsewhere")
    assert standing_of(Quarry())["Quarry"].reason == "what was built is gone"


def test_without_current_it_is_compared_with_what_was_built_last(workspace: Path) -> None:
    build(Quarry())
    (workspace / "current" / "Quarry").unlink()
    set_of("Quarry", number=2)
    assert standing_of(Quarry())["Quarry"].reason == "setting number: 1 -> 2"
    (workspace / "history.jsonl").unlink()
    assert standing_of(Quarry())["Quarry"].reason == "setting number: 1 -> 2"


def test_a_task_that_another_process_builds_is_said_to_be_built_now() -> None:
    key = Quarry().key()
    assert key is not None
    with current_store().locked(key, on_wait=lambda: None):
        assert standing_of(Quarry())["Quarry"].reason == "is being built now; never built"


def test_a_task_that_can_go_on_where_it_was_stopped_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Quarry, "can_go_on", lambda self, scratch: (scratch / "checkpoint").exists())
    key = Quarry().key()
    assert key is not None
    (current_store().partial(key) / "scratch").mkdir(parents=True)
    assert standing_of(Quarry())["Quarry"].reason == "never built"
    (current_store().partial(key) / "scratch" / "checkpoint").touch()
    assert standing_of(Quarry())["Quarry"].reason == "goes on where it was stopped; never built"


def test_a_source_is_unknown_until_read_then_pinned_then_changed(tmp_path: Path) -> None:
    file = tmp_path / "captions.json"
    file.write_text("{}")
    set_of("Quarry", file=str(file))
    known = standing_of(Quarry())
    assert known[str(file)].reason == "unknown until read"
    assert known["Quarry"].reason == f"never built; waits for {file}"
    build(Quarry())
    assert standing_of(Quarry())[str(file)].reason == "pinned"
    file.write_text("{ }")
    set_of("Quarry", file=str(file))
    assert standing_of(Quarry())[str(file)].reason == "has changed since it was read"


def test_a_long_list_of_inputs_is_cut() -> None:
    from tasks.explain.standing import Standing

    standing = Standing(label="A", family="A", state="unknown", waits_for=("B", "C", "D", "E", "F"))
    assert standing.reason == "waits for B, C, D and 2 more"
