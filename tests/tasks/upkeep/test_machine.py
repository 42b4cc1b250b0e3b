"""What a machine lacks is said before a run meets it."""

from __future__ import annotations

import subprocess
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest

from tasks.upkeep import machine

Usage = namedtuple("Usage", "total used free")


def test_the_versions_that_matter_are_named() -> None:
    (finding,) = machine.versions()
    assert finding.state == "ok"
    for library in ("luigi", "torch", "spacy"):
        assert f"{library} {metadata.version(library)}" in finding.said


def test_a_library_that_is_missing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version

    def without_h5py(library: str) -> str:
        if library == "h5py":
            raise metadata.PackageNotFoundError
        return version(library)

    monkeypatch.setattr(metadata, "version", without_h5py)
    _, finding = machine.versions()
    assert (finding.state, finding.said, finding.way_out) == ("wrong", "not installed: h5py", "pip install h5py")


@pytest.mark.parametrize(
    ("program", "is_wanted", "state", "said"),
    [
        ("print('a banner'); print('[\"H100\"]')", True, "ok", "H100"),
        ("print('[]')", False, "ok", "none that torch sees; training runs on the CPU"),
        ("print('[]')", True, "wrong", "none that torch sees, and a task has device cuda"),
        ("raise ImportError('libcudart is gone')", False, "wrong", "ImportError: libcudart is gone"),
    ],
)
def test_torch_is_asked_for_gpus(
    program: str, is_wanted: bool, state: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_GPUS", program)
    finding = machine.gpu(is_wanted=is_wanted)
    assert finding.state == state
    assert finding.said.endswith(said)


def test_a_torch_that_does_not_answer_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_GPU_TIMEOUT_S", 0.1)
    monkeypatch.setattr(machine, "_GPUS", "import time; time.sleep(60)")
    assert machine.gpu(is_wanted=False).state == "wrong"


def test_torch_is_asked_in_another_process() -> None:
    program = (
        "import sys; from tasks.upkeep import machine; machine.gpu(is_wanted=False); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("free", "needed", "state", "said"),
    [
        (6 * 10**9, 0, "ok", "6.0 GB free"),
        (4 * 10**9, 0, "warning", "4.0 GB free"),
        (6 * 10**9, 7 * 10**9, "wrong", "the last builds of what is to be done wrote 7.0 GB"),
    ],
)
def test_room_is_compared_with_what_is_to_be_written(
    free: int, needed: int, state: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(total=10**12, used=0, free=free))
    finding = machine.room(tmp_path / "not" / "made", needed_bytes=needed)
    assert finding.state == state
    assert said in finding.said


def test_a_limit_of_this_process_counts_as_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("2000000000\n")
    (tmp_path / "other").write_text("max\n")
    monkeypatch.setattr(
        machine, "_CONTROL_GROUPS", (tmp_path / "memory.max", tmp_path / "other", tmp_path / "not there")
    )
    finding = machine.memory()
    assert (finding.state, finding.said) == ("warning", "2.0 GB")
