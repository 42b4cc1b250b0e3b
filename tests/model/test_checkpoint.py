from __future__ import annotations

from pathlib import Path

import torch

from model.checkpoint import Checkpoints


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(folder=tmp_path / "kept", digest="ours")
    for step in (3, 20, 100):
        checkpoints.save(step, {"weights": torch.tensor([step])})
    checkpoints.wait()
    assert sorted(path.name for path in checkpoints.folder.iterdir()) == [
        "step-000000020.checkpoint",
        "step-000000100.checkpoint",
    ]
    newest = checkpoints.newest()
    assert newest is not None
    assert (newest["step"], newest["weights"].item()) == (100, 100)


def test_a_broken_newest_falls_back_to_the_one_before(tmp_path: Path) -> None:
    checkpoints = Checkpoints(folder=tmp_path, digest="ours")
    for step in (1, 2):
        checkpoints.save(step, {"weights": torch.arange(1000)})
    checkpoints.wait()
    path = tmp_path / "step-000000002.checkpoint"
    whole = path.read_bytes()
    for broken in (b"", whole[:20], whole[:-1], whole[:500] + b"?" + whole[501:]):
        path.write_bytes(broken)
        newest = checkpoints.newest()
        assert newest is not None
        assert newest["step"] == 1


def test_a_file_left_half_written_is_never_read(tmp_path: Path) -> None:
    checkpoints = Checkpoints(folder=tmp_path, digest="ours")
    (tmp_path / "step-000000009.partial").write_bytes(b"half")
    assert checkpoints.newest() is None


def test_the_checkpoint_of_another_spec_is_not_ours(tmp_path: Path) -> None:
    with Checkpoints(folder=tmp_path, digest="theirs") as theirs:
        theirs.save(5, {})
    assert Checkpoints(folder=tmp_path, digest="ours").newest() is None


def test_a_folder_that_does_not_exist_yet_holds_none(tmp_path: Path) -> None:
    assert Checkpoints(folder=tmp_path / "none", digest="ours").newest() is None
