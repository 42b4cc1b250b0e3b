"""Tasks that train on a GPU ask luigi for the one there is, so they never run at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guarantees.giving import Toys


@pytest.mark.parametrize(
    ("device", "waits_s", "saw"),
    [
        ("cuda", "1", "nobody, nobody"),
        pytest.param("cpu", "60", "the other, the other", marks=pytest.mark.slow),  # without the token they do meet
    ],
)
def test_only_tasks_on_the_gpu_wait_for_each_other(device: str, waits_s: str, saw: str, tmp_path: Path) -> None:
    toys = Toys(folder=tmp_path)
    done = toys.give("TwoOnGpu", "--device", device, "--waits-s", waits_s, "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert (toys.root / "current" / "TwoOnGpu" / "result" / "saw").read_text() == saw
