"""Promise 7: a damaged file is seen, set aside, built again. tests/tasks/test_manifest.py has every kind of damage."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import h5py
import luigi
import pytest

from data.digests import file_digest
from tests.guarantees.workspaces import SMALL, ask, give, manifest


def truncate(path: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size // 2)


def delete(path: Path) -> None:
    path.unlink()


def flip_a_byte(path: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size * 3 // 4)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


def flip_a_byte_and_set_the_times_back(path: Path) -> None:
    before = path.stat()
    flip_a_byte(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CASES = [
    ("PhraseCorpus", "corpus/part-00001.parquet", truncate),
    ("SentenceCorpus", "corpus/part-00000.parquet", delete),
    ("RegionFeatures", "regions.h5", flip_a_byte),
    ("HardNegatives", "hard_negatives.h5", flip_a_byte),
    ("BenchmarkCorpus-vqa", "rows/part-00001.parquet", truncate),
]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_only_the_damaged_shard_is_built_again_and_what_was_damaged_is_set_aside(
    small_run: Path, copy_of: Callable[[Path], Path]
) -> None:
    root = copy_of(small_run)
    before = {label: manifest(root, label) for label, _, _ in CASES}
    for label, name, harm in CASES:
        harm((root / "current" / label).resolve() / "result" / name)
    given = give("FullCurriculum", root, *SMALL)
    assert given.code == 0, given.said
    assert given.built == {label for label, _, _ in CASES}
    assert len(list((root / "quarantine").iterdir())) == len(CASES)
    for label, said in before.items():
        now = manifest(root, label)
        assert now["result"]["digest"] == said["result"]["digest"]
        shards, known = now["recorded"]["shards"], shards_of(root, label)
        assert shards["salvaged"] == known - 1 > 0, label
        # Beside the bad one, what is asked of pictures beforehand, and not published, is asked again.
        assert shards["built"] == said["recorded"]["shards"]["built"] - shards["salvaged"], label


def shards_of(root: Path, label: str) -> int:
    groups = json.loads((root / "current" / label / "result" / "shards.json").read_text("utf-8"))
    return sum(map(len, groups.values()))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_verify_reads_every_byte_and_its_quarantine_makes_the_next_run_build_again(
    small_run: Path, copy_of: Callable[[Path], Path]
) -> None:
    root = copy_of(small_run)
    assert ask("verify", root).returncode == 0
    path = (root / "current" / "RegionFeatures").resolve() / "result" / "regions.h5"
    flip_a_byte_and_set_the_times_back(path)
    asked = ask("verify", root, "--json")
    assert asked.returncode == 1
    assert "regions.h5" in asked.stdout
    assert ask("verify", root, "--quarantine").returncode == 1
    assert not path.exists()
    given = give("FullCurriculum", root, *SMALL)
    assert given.code == 0, given.said
    assert given.built == {"RegionFeatures"}
    assert ask("verify", root).returncode == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_half_written_hdf5_never_counts_as_complete(small_run: Path, copy_of: Callable[[Path], Path]) -> None:
    root = copy_of(small_run)
    artifact = (root / "current" / "RegionFeatures").resolve()
    key = artifact.name
    partial = root / "partial" / key / "result"
    partial.mkdir(parents=True)
    (partial / "regions.h5").write_bytes((artifact / "result" / "regions.h5").read_bytes()[:100_000])
    delete(artifact / "manifest.json")
    given = give("FullCurriculum", root, *SMALL)
    assert given.code == 0, given.said
    assert given.built == {"RegionFeatures"}
    assert not partial.exists()
    whole = artifact / "result" / "regions.h5"
    before = given.before[whole.relative_to(root / "store").as_posix()]
    assert file_digest(whole) == before.sha256
    assert whole.stat().st_ino != before.inode


class PlainStore(luigi.Task):
    """A plain task that writes an HDF5 file and is killed, or loses power, before it is done."""

    folder: luigi.Parameter[str] = luigi.Parameter()
    fails: luigi.BoolParameter = luigi.BoolParameter(significant=False)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(Path(self.folder) / "regions.h5"))

    def run(self) -> None:
        with h5py.File(self.output().path, "w") as file:
            features = file.create_dataset("features", (4, 2), "f4")
            features[:2] = 1
            file.flush()
            if self.fails:
                raise OSError("killed")
            features[2:] = 1


def test_the_trap_a_plain_task_takes_a_half_written_file_for_a_whole_one(tmp_path: Path) -> None:
    assert not luigi.build(
        [PlainStore(folder=str(tmp_path), fails=True)], workers=1, local_scheduler=True, log_level="CRITICAL"
    )
    assert luigi.build([PlainStore(folder=str(tmp_path))], workers=1, local_scheduler=True, log_level="CRITICAL")
    with h5py.File(tmp_path / "regions.h5") as file:
        assert file["features"][...].sum() == 4  # half of the rows are zeros, and nobody knows
