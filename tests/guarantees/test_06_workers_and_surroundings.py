"""Promise 6: neither the number of workers nor hash seeds, time zones and locales change a byte of any corpus."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import commands
from tests.conftest import CHECKOUT

ALONE = ("TextCorpus", "ImageCorpus")
CORPORA = ("TokenCorpus", "PhraseCorpus", "SentenceCorpus", "HardNegatives", "BenchmarkCorpus", *ALONE)
WITH_WORKERS = ("World", "RegionFeatures", "PictureStore", "PhraseTags", *CORPORA)

# Builds all corpora of the profile `smoke` in one process.
BUILD = """
import luigi, pipeline
tasks = [pipeline.TokenCorpus, pipeline.PhraseCorpus, pipeline.SentenceCorpus, pipeline.HardNegatives]
rows = [pipeline.BenchmarkCorpus(benchmark=name, profile="smoke") for name in ("vqa", "gqa", "nlvr2", "retrieval")]
tasks += [pipeline.PictureStore, pipeline.TextCorpus, pipeline.ImageCorpus]
done = luigi.build([*(task(profile="smoke") for task in tasks), *rows], workers=1, local_scheduler=True)
raise SystemExit(0 if done else 1)
"""
SURROUNDINGS = {
    1: {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
    2: {"PYTHONHASHSEED": "2", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8"},
    8: {"PYTHONHASHSEED": "3", "TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
}


def digests(folder: Path, num_workers: int) -> dict[str, str]:
    folder.mkdir()
    workers = "".join(f"[{name}]\nnum_workers = {num_workers}\n" for name in WITH_WORKERS)
    (folder / "luigi.cfg").write_text(f"[workspace]\nroot = {folder}/workspace\n{workers}", "utf-8")
    changes = {"PYTHONPATH": str(CHECKOUT), **SURROUNDINGS[num_workers]}
    done = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=folder,
        env=commands.environment(changes),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return commands.digests(folder / "workspace")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_two_and_eight_workers_in_other_surroundings_give_the_same_digests(short: bool, tmp_path: Path) -> None:
    numbers = [1, 8] if short else [1, 2, 8]
    first, *others = [digests(tmp_path / str(number), number) for number in numbers]
    assert {name.split("-")[0] for name in first} >= {
        *CORPORA,
        "RegionFeatures",
        "PictureStore",
        "PhraseTags",
        "Vocabulary",
    }
    assert all(other == first for other in others)
