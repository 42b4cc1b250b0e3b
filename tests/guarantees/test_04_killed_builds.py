"""Promise 4: a killed build loses the shards under way, and nothing else. tests/test_kills.py kills whole runs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import luigi
import pytest

from tasks.store import Store
from tests import commands
from tests.conftest import CHECKOUT
from tests.guarantees.workspaces import manifest

NUM_KILLS, NUM_KILLS_SHORT = 10, 2
TASKS = {
    "RegionFeatures": ("RegionFeatures",),
    "PictureStore": ("PictureStore",),
    "TokenCorpus": ("TokenCorpus",),
    "PhraseTags": ("PhraseTags",),
    "PhraseCorpus": ("PhraseCorpus",),
    "SentenceCorpus": ("SentenceCorpus",),
    "HardNegatives": ("HardNegatives",),
    "BenchmarkCorpus-vqa": ("BenchmarkCorpus", "--benchmark", "vqa"),
}
# Small shards, so that there are some before and some after a kill.
SHARDS = {
    **dict.fromkeys(
        ("RegionFeatures", "PictureStore", "TokenCorpus", "PhraseCorpus", "SentenceCorpus", "HardNegatives"), "images"
    ),
    **dict.fromkeys(("PhraseTags", "BenchmarkCorpus"), "rows"),
}
BUILD = """
import luigi, pipeline
tasks = [pipeline.TokenCorpus, pipeline.PhraseCorpus, pipeline.SentenceCorpus, pipeline.HardNegatives]
tasks.append(pipeline.PictureStore)
rows = pipeline.BenchmarkCorpus(benchmark="vqa", profile="smoke")
done = luigi.build([*(task(profile="smoke") for task in tasks), rows], workers=1, local_scheduler=True)
raise SystemExit(0 if done else 1)
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which every corpus was built by a run that nobody killed, and a luigi.cfg beside it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    cut = "".join(f"[{name}]\n{unit}_per_shard = 12\n" for name, unit in SHARDS.items())
    (folder / "luigi.cfg").write_text(f"[workspace]\nroot = {folder}/workspace\n{cut}", "utf-8")
    environment = commands.environment({"PYTHONPATH": str(CHECKOUT)})
    subprocess.run([sys.executable, "-c", BUILD], cwd=folder, env=environment, check=True, capture_output=True)
    return folder / "workspace"


def kill_group(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)


def kill_parent_alone(process: subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGKILL)


def finished_shards(scratch: Path) -> int:
    """How many shards have a line in a ledger; a line that a kill cut off counts for nothing."""
    return sum(len(names_in(ledger)) for ledger in scratch.glob("*.ledger"))


def names_in(ledger: Path) -> set[str]:
    names = set()
    for line in ledger.read_text("utf-8", errors="replace").splitlines():
        try:
            names.add(json.loads(line)["name"])
        except ValueError:
            continue
    return names


def is_whole_or_absent(root: Path, folder: Path) -> bool:
    """Whether nothing lies under the final path, or all of it does, manifest and every byte."""
    if not folder.exists():
        return True
    found = Store(root).find(folder.parent.name, folder.name)
    return found is not None and not any(found.damage(reads_all=True))


def wait_for(process: subprocess.Popen[bytes], root: Path, folder: Path, is_time: Callable[[], bool]) -> None:
    """Wait until it is time or the process has ended; look at the final path all the while."""
    while process.poll() is None and not is_time():
        assert is_whole_or_absent(root, folder)
        time.sleep(0.01)


def killed_once(label: str, root: Path, folder: Path, delay_s: float, kill: Callable[..., None]) -> bool:
    """Start the build, let it work for so long once it has begun, and kill it; whether it was still at work then."""
    process = commands.start(TASKS[label][0], root, "--profile", "smoke", *TASKS[label][1:], cwd=root.parent)
    wait_for(process, root, folder, lambda: Store(root).is_locked(folder.name))
    ends = time.monotonic() + delay_s
    wait_for(process, root, folder, lambda: time.monotonic() >= ends)
    is_at_work = process.poll() is None
    kill(process) if is_at_work else None
    process.wait()
    assert is_whole_or_absent(root, folder)
    return is_at_work


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kill", [kill_group, kill_parent_alone])
@pytest.mark.parametrize("label", TASKS)
def test_a_build_that_is_killed_keeps_its_finished_shards_and_ends_with_the_same_bytes(
    label: str, kill: Callable[..., None], undisturbed: Path, short: bool
) -> None:
    root = undisturbed
    expected = manifest(root, label)
    num_shards = sum(expected["recorded"]["shards"].values())
    folder = root / "store" / expected["family"] / expected["key"]
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed of the moments: {seed}")
    moments = random.Random(seed)
    longest_s = float(expected["recorded"]["seconds"])
    num_kills = NUM_KILLS_SHORT if short else NUM_KILLS
    num_killed = num_tried = 0
    while num_killed < num_kills:
        num_tried += 1
        assert num_tried <= 4 * num_kills, f"{num_killed} of {num_tried} builds were killed before they were done"
        set_aside(root, folder)
        if finished_shards(root / "partial" / folder.name / "scratch") > num_shards * 2 // 3:
            forget(root, folder)  # what is left would be done before the next kill
        if killed_once(label, root, folder, moments.uniform(0, longest_s), kill):
            num_killed += 1
        else:
            longest_s *= 0.7  # it was done before: what was measured was slower than this
    set_aside(root, folder)
    num_finished = settled(lambda: finished_shards(root / "partial" / folder.name / "scratch"))
    done = commands.run(TASKS[label][0], root, "--profile", "smoke", *TASKS[label][1:], cwd=root.parent)
    assert done.returncode == 0, done.stderr
    ended = manifest(root, label)
    assert ended["key"] == expected["key"]
    assert ended["result"] == expected["result"]
    assert ended["recorded"]["shards"] == {
        "built": num_shards - num_finished,
        "kept": num_finished,
        "salvaged": 0,
    }


def set_aside(root: Path, folder: Path) -> None:
    """Take a finished artifact out of the way, so that the next command builds it."""
    if folder.exists():
        folder.rename(root / f"aside-{time.time_ns()}")


def forget(root: Path, folder: Path) -> None:
    partial = root / "partial" / folder.name
    if partial.exists():
        partial.rename(root / f"aside-{time.time_ns()}")


def settled(count: Callable[[], int]) -> int:
    """The count once the workers of a parent that was killed have ended too."""
    last = -1
    while (number := count()) != last:
        last = number
        time.sleep(0.5)
    return last


class PlainCorpus(luigi.Task):
    """A plain task whose output is a folder of four files, killed after the second."""

    folder: luigi.Parameter[str] = luigi.Parameter()
    is_killed: luigi.BoolParameter = luigi.BoolParameter(significant=False)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(Path(self.folder) / "corpus"))

    def run(self) -> None:
        Path(self.output().path).mkdir()
        for number in range(4):
            if self.is_killed and number == 2:
                raise KeyboardInterrupt
            (Path(self.output().path) / f"part-{number}").write_text("whole")


def test_the_trap_a_plain_task_takes_a_folder_that_a_kill_left_half_full_for_a_whole_one(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"workers": 1, "local_scheduler": True, "log_level": "CRITICAL"}
    with pytest.raises(KeyboardInterrupt):
        luigi.build([PlainCorpus(folder=str(tmp_path), is_killed=True)], **settings)
    assert luigi.build([PlainCorpus(folder=str(tmp_path))], **settings)
    assert len(list((tmp_path / "corpus").iterdir())) == 2
