"""Each thing that a file system may refuse to do is found out by trying, and nothing is left behind."""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path
from typing import Any

import pytest

from tasks.upkeep import filesystem
from tasks.upkeep.findings import Finding


def found(root: Path) -> dict[str, Finding]:
    return {finding.subject: finding for finding in filesystem.findings(root)}


def refuse(*_: Any) -> None:
    raise OSError(errno.ENOTSUP, "Operation not supported")


def test_an_ordinary_disk_does_all_and_is_left_as_it_was(tmp_path: Path) -> None:
    findings = found(tmp_path / "workspace" / "not" / "made")
    assert list(findings) == ["locks", "renames", "fsync", "links", "hard links"]
    assert {finding.state for finding in findings.values()} == {"ok"}
    assert list(tmp_path.iterdir()) == []


def test_locks_that_keep_nobody_out_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda descriptor, operation: None)  # here; the other process takes it truly
    assert found(tmp_path)["locks"].state == "wrong"
    assert "two processes" in found(tmp_path)["locks"].said


def test_locks_that_are_not_supported_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", refuse)
    assert found(tmp_path)["locks"].said == "refused: Operation not supported"


@pytest.mark.parametrize(
    ("subject", "target", "state"),
    [
        ("renames", "pathlib.Path.replace", "wrong"),
        ("fsync", "tasks.upkeep.filesystem.make_durable", "wrong"),
        ("links", "pathlib.Path.symlink_to", "wrong"),
        ("hard links", "pathlib.Path.hardlink_to", "warning"),
    ],
)
def test_what_is_refused_is_named_with_a_way_out(
    subject: str, target: str, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, refuse)
    findings = found(tmp_path)
    assert {name: finding.state for name, finding in findings.items() if finding.state != "ok"} == {subject: state}
    assert findings[subject].way_out
    assert list(tmp_path.iterdir()) == []


def test_a_rename_that_copies_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "replace", lambda self, target: target.write_bytes(self.read_bytes()))
    assert found(tmp_path)["renames"].said == "a rename leaves both names, or neither"


def test_a_folder_that_cannot_be_written_to_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    assert [(each.subject, each.state) for each in found(tmp_path).values()] == [("workspace", "wrong")]
