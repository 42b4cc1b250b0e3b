"""Promise 13: a full disk is said on one screen and loses nothing; with room, the same command goes on."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guarantees.giving import Toys
from tests.guarantees.workspaces import files

LIMITED = "tests.guarantees.little_room"
SHARDS = [f"part-0000{number}" for number in range(4)]


def mount(folder: Path, *options: str) -> bool:
    """Mount a disk in memory of four million bytes; whether that is allowed here."""
    if shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", *options, "multigrain-test", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Toys]:
    """The toys on a disk of four million bytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount(folder, "-o", "size=4000000"):
        pytest.skip("mounting a tmpfs is not allowed here; the tests with a limit on file sizes stand in")
    yield Toys(folder=folder)
    subprocess.run(["umount", str(folder)], check=True)


def enlarge(disk: Toys) -> None:
    """Make room."""
    assert mount(disk.folder, "-o", "remount,size=64000000")


def fill(disk: Toys) -> None:
    """Leave no room at all."""
    with contextlib.suppress(OSError), disk.sign("ballast").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def failed_clearly(done: subprocess.CompletedProcess[str], found: str) -> None:
    """The command ended with one screen that says what is full and what to do."""
    said = done.stdout + done.stderr
    assert done.returncode == 30, said
    assert said.count(" stopped.\n") == 1
    assert f"  found     {found}\n" in said
    assert "multigrain gc" in said
    assert "Traceback" not in said
    assert "Logging error" not in said
    assert "  go on     luigi --module " in said


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_is_one_screen_and_what_was_finished_stays(workers: str, small_disk: Toys) -> None:
    assert small_disk.give("Toy", "--num-bytes", "500000").returncode == 0
    before = files(small_disk.root)
    flags = ("--name", "large", "--num-bytes", "9000000", "--workers", workers)
    failed_clearly(small_disk.give("Toy", *flags), "no space left on the device")
    assert files(small_disk.root) == before
    enlarge(small_disk)
    assert small_disk.give("Toy", *flags).returncode == 0
    assert small_disk.built() == ["Toy-toy", "Toy-large"]


@pytest.mark.slow
def test_shards_that_were_finished_before_the_disk_was_full_are_kept(small_disk: Toys) -> None:
    flags = ("--num-bytes", "500000")  # 0.5 + 1 + 1.5 fit, and 2 million more do not
    failed_clearly(small_disk.give("Sharded", *flags), "no space left on the device")
    enlarge(small_disk)
    done = small_disk.give("Sharded", *flags)
    assert done.returncode == 0, done.stderr
    assert [small_disk.num_tries(name) for name in SHARDS] == [1, 1, 1, 2]


def test_a_disk_without_room_for_the_manifest_publishes_nothing_and_the_next_command_does(small_disk: Toys) -> None:
    failed_clearly(small_disk.give("FillsUp"), "no space left on the device")
    assert not any((small_disk.root / "store").glob("*/*"))
    small_disk.sign("ballast").write_bytes(b"")
    done = small_disk.give("FillsUp")
    assert done.returncode == 0, done.stderr
    assert small_disk.built() == ["FillsUp"]


@pytest.mark.slow
def test_a_disk_that_is_full_from_the_start_is_said_before_any_work(small_disk: Toys) -> None:
    fill(small_disk)
    done = small_disk.give("Toy")
    assert done.returncode in (2, 30)
    assert "  found     no space left on the device\n" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_a_limit_on_the_size_of_files_is_one_screen_and_what_was_finished_stays(workers: str, toys: Toys) -> None:
    flags = ("--num-bytes", "300000", "--workers", workers)  # 0.3, 0.6, 0.9 million are allowed, and 1.2 are not
    failed_clearly(toys.give("Sharded", *flags, module=LIMITED), "a file as large as the limit allows")
    done = toys.give("Sharded", *flags)
    assert done.returncode == 0, done.stderr
    assert [toys.num_tries(name) for name in SHARDS] == [1, 1, 1, 2]
