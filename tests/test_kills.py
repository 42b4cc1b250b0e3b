"""A run that is killed again and again ends with the very bytes of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import commands

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

FLAGS = (
    "--profile",
    "smoke",
    *(flag for stage in ("Token", "Phrase", "Sentence") for flag in (f"--{stage}Stage-checkpoint-every-s", "0.1")),
    *(flag for stage in ("Token", "Phrase", "Sentence") for flag in (f"--{stage}Stage-num-steps", "80")),
    *("--FineTune-checkpoint-every-s", "0.1"),
)
FLAGS_SHORT = (*FLAGS, "--Report-benchmarks", "vqa,zero_shot_retrieval", "--Report-every-stage", "no")
NUM_KILLS, NUM_KILLS_SHORT = 10, 4


@pytest.fixture(scope="module")
def flags(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What is built: in the short form two benchmarks of six."""
    return FLAGS_SHORT if request.config.getoption("--short") else FLAGS


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, flags: tuple[str, ...]) -> tuple[dict[str, str], float]:
    """The digests of a run that nobody killed, and how many seconds it took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    started = time.monotonic()
    done = commands.run("FullCurriculum", folder / "workspace", *flags, cwd=folder)
    assert done.returncode == 0, done.stderr
    return commands.digests(folder / "workspace"), time.monotonic() - started


def kill_group(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)


def kill_parent_alone(process: subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_group, kill_parent_alone])
def test_a_run_killed_at_random_moments_ends_with_the_same_artifacts(
    kill: Callable[[subprocess.Popen[bytes]], None],
    undisturbed: tuple[dict[str, str], float],
    flags: tuple[str, ...],
    short: bool,
    tmp_path: Path,
) -> None:
    expected, seconds = undisturbed
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed of the moments: {seed}")
    moments = random.Random(seed)
    root = tmp_path / "workspace"
    num_killed = 0
    for _ in range(NUM_KILLS_SHORT if short else NUM_KILLS):
        process = commands.start("FullCurriculum", root, *flags, cwd=tmp_path)
        try:
            process.wait(moments.uniform(0.1, 0.5) * seconds)
            break  # it went through between two kills
        except subprocess.TimeoutExpired:
            kill(process)
            process.wait()
            num_killed += 1
        assert_only_whole_artifacts(root)
    assert num_killed > 0
    done = commands.run("FullCurriculum", root, *flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert commands.digests(root) == expected


def assert_only_whole_artifacts(root: Path) -> None:
    """Whatever lies in the store has its manifest, which is written last."""
    for artifact in (root / "store").glob("*/*"):
        assert (artifact / "manifest.json").is_file(), artifact
