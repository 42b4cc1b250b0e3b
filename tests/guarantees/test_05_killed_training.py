"""Promise 5: a killed training ends with the same bytes, and an orphaned trainer never becomes a second writer.

tests/model/test_train.py and test_finetune.py kill the training process itself, and compare optimisers too.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import commands
from tests.guarantees.workspaces import SMALL, manifest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NUM_KILLS, NUM_KILLS_SHORT = 4, 1
TASKS = {
    "TokenStage": ("TokenStage", *SMALL[:2], "--checkpoint-every-s", "0.05"),
    "FineTune-vqa": ("FineTune", *SMALL[:2], "--benchmark", "vqa", "--checkpoint-every-s", "0.05"),
}


def trainers(root: Path) -> list[int]:
    """The processes that train in this workspace."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            is_there = (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            continue
        if is_there and any(word.startswith(b"model.") for word in words) and str(root).encode() in b"".join(words):
            found.append(int(folder.name))
    return found


def num_steps(checkpoints: Path) -> int:
    """The step of the newest checkpoint, -1 where there is none."""
    return max((int(path.stem[5:]) for path in checkpoints.glob("step-*.checkpoint")), default=-1)


@pytest.mark.parametrize("label", TASKS)
def test_the_parent_alone_is_killed_again_and_again_and_there_is_never_a_second_trainer(
    label: str, small_run: Path, copy_of: Callable[[Path], Path], short: bool
) -> None:
    root = copy_of(small_run)
    expected = manifest(root, label)["result"]
    artifact = (root / "current" / label).resolve()
    key = artifact.name
    artifact.rename(root / "elsewhere")
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed of the moments: {seed}")
    moments = random.Random(seed)
    checkpoints = root / "partial" / key / "scratch" / "checkpoints"
    for _ in range(NUM_KILLS_SHORT if short else NUM_KILLS):
        process = commands.start(TASKS[label][0], root, *TASKS[label][1:], cwd=root.parent)
        goal = num_steps(checkpoints) + moments.randint(1, 4)
        while num_steps(checkpoints) < goal and process.poll() is None:
            assert len(trainers(root)) <= 1
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not artifact.exists()
    last = commands.start(TASKS[label][0], root, *TASKS[label][1:], cwd=root.parent)
    while last.poll() is None:
        assert len(trainers(root)) <= 1
        time.sleep(0.02)
    assert last.returncode == 0
    assert manifest(root, label)["result"] == expected
