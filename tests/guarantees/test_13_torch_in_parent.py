"""Promise 13: torch used in luigi's own process does not make its workers hang."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests import commands
from tests.guarantees.giving import Toys

PLAIN = """
from pathlib import Path

import luigi
import torch

def multiply():
    torch.set_num_threads(2)
    return float((torch.ones(512, 512) @ torch.ones(512, 512)).exp().sum().isinf())

class Multiplied(luigi.Task):
    def output(self):
        return luigi.LocalTarget("product")

    def run(self):
        Path("begun").touch()
        with self.output().open("w") as file:
            file.write(str(multiply()))

multiply()
"""


def test_torch_used_in_the_parent_does_not_hang_its_workers(toys: Toys) -> None:
    done = toys.give("Multiplied", "--workers", "2", module="tests.guarantees.torch_in_parent", timeout_s=90)
    assert done.returncode == 0, done.stderr
    assert (toys.root / "current" / "Multiplied" / "result" / "product").read_text() == "1.0"


@pytest.mark.slow
def test_the_trap_a_plain_task_hangs_in_a_forked_worker(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(PLAIN)
    hung = subprocess.Popen(
        [commands.LUIGI, "--module", "plain", "Multiplied", "--local-scheduler", "--workers", "2"],
        cwd=tmp_path,
        env=commands.environment({"PYTHONPATH": str(tmp_path)}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            hung.wait(timeout=20)
        assert (tmp_path / "begun").exists()
        assert not (tmp_path / "product").exists()
    finally:
        os.killpg(hung.pid, signal.SIGKILL)
        hung.wait()
